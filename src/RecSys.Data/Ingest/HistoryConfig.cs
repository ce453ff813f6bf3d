using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>A behaviour sequence made by SQL: for each event the latest items of the same user that are strictly earlier.</summary>
/// <param name="Log">Relation of the behaviours; null when the events themselves are the log.</param>
/// <param name="Value">SQL of the item over <paramref name="Log"/>; null when it is the feature <paramref name="Of"/> of the events.</param>
/// <param name="Of">A categorical feature of the events, or null.</param>
/// <param name="User">SQL of the user, over the events and the log.</param>
/// <param name="Order">SQL of what orders behaviours, most significant first, over the events and the log.</param>
/// <param name="Filter">SQL of which behaviours count.</param>
internal sealed record HistoryConfig(string? Log, string? Value, string? Of, string User, IReadOnlyList<string> Order, string Filter)
{
    internal static HistoryConfig Read(ConfigNode node)
    {
        string? log = node.OptionalString("log");
        IReadOnlyList<string> order = node.Strings("order");
        if (order.Count == 0)
            throw node.Error("order", "is missing; valid: a column or a list of columns that order the behaviours of a user");
        if (log is not null && node.Has("of"))
            throw node.Error("of", "cannot stand beside 'log'; valid: 'of' for a feature of the events, or 'log' and 'value' for a source of its own");
        return new HistoryConfig(
            log is null ? null : SqlText.Name(log),
            log is null ? null : node.String("value"),
            node.OptionalString("of"),
            node.String("user"),
            order,
            node.String("filter", "true"));
    }

    /// <summary>SQL of the value that behaviours are ordered by: comparable with <c>&lt;</c>, null when a part is null.</summary>
    internal string OrderSql()
    {
        if (Order.Count == 1)
            return Order[0];
        string known = string.Join(" AND ", Order.Select(part => $"({part}) IS NOT NULL"));
        string parts = string.Join(", ", Order.Select((part, index) => FormattableString.Invariant($"k{index}: {part}")));
        return $"CASE WHEN {known} THEN {{{parts}}} END";
    }
}
