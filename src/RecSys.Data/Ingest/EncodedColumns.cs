using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// SQL that turns raw values into ids and numbers, one expression per feature. The vocabulary of a field is an ENUM type, so that all
/// features are encoded in one pass: joins would move the columns of all other features once per feature.
/// </summary>
/// <param name="type">The ENUM type of a field.</param>
internal sealed class EncodedColumns(Func<string, string> type)
{
    private readonly List<string> _selects = [];

    /// <summary>The columns, in the order added.</summary>
    internal string Selects => string.Join(",\n", _selects);

    /// <summary>Makes the ENUM type of a field.</summary>
    /// <param name="database">Where to.</param>
    /// <param name="name">Name of the type.</param>
    /// <param name="vocabulary">Relation (id, value), the ids from 1 on without gaps.</param>
    internal static void CreateType(DuckDatabase database, string name, string vocabulary)
        => database.Execute($"CREATE TYPE {name} AS ENUM (SELECT value FROM {vocabulary} ORDER BY id)");

    /// <summary>The id of a token; 0 where it is not in the vocabulary or missing.</summary>
    internal static string Id(string token, string type) => $"coalesce(enum_code(TRY_CAST({token} AS {type}))::INTEGER + 1, 0)";

    /// <summary>Adds a feature with a raw value.</summary>
    /// <param name="feature">The feature, its transform fitted.</param>
    /// <param name="raw">SQL of its raw value.</param>
    internal void Add(DataFeature feature, string raw) => AddEncoded(feature, feature.Kind switch
    {
        FeatureKind.Numeric => FeatureSql.Number(feature, raw),
        FeatureKind.Categorical => Id(FeatureSql.Token(feature, raw), type(feature.Field)),
        _ => $"coalesce(list_transform({raw}, lambda item: {Id("item", type(feature.Field))}), [])",
    });

    /// <summary>Adds a feature that is encoded already.</summary>
    internal void AddEncoded(DataFeature feature, string select) => _selects.Add($"{select} AS {SqlText.Name(feature.Name)}");
}
