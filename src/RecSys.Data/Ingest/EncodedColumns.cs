using RecSys.Data.Interop;

namespace RecSys.Data.Ingest;

/// <summary>
/// SQL that turns raw values into ids and numbers, one expression per feature. The vocabulary of a field is an ENUM type, so that all
/// features are encoded in one pass: joins would move the columns of all other features once per feature.
/// </summary>
/// <param name="features">The features, their transforms fitted; each has its raw value in <see cref="EventTable.Column"/>.</param>
/// <param name="type">The ENUM type of a field.</param>
internal sealed class EncodedColumns(IReadOnlyList<DataFeature> features, Func<string, string> type)
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

    /// <summary>Adds a feature with values of its own, or a cross.</summary>
    /// <param name="index">Its place among the features.</param>
    internal void Add(int index)
    {
        (DataFeature feature, string raw) = (features[index], EventTable.Column(index));
        AddEncoded(index, feature.Kind switch
        {
            FeatureKind.Numeric => FeatureSql.Number(feature, raw),
            FeatureKind.Categorical => Id(Token(index), type(feature.Field)),
            _ => $"coalesce(list_transform({raw}, lambda item: {Id("item", type(feature.Field))}), [])",
        });
    }

    /// <summary>Adds a feature that is encoded already.</summary>
    internal void AddEncoded(int index, string select) => _selects.Add($"{select} AS {SqlText.Name(features[index].Name)}");

    /// <summary>The token of a categorical feature; null where the value is missing, and where one of a cross has no id of its own.</summary>
    /// <param name="index">Its place among the features.</param>
    internal string Token(int index)
    {
        DataFeature feature = features[index];
        if (feature.Cross is not [var first, var second])
            return FeatureSql.Token(feature, EventTable.Column(index));
        return $"(nullif({IdOf(first)}, 0) || '{FeatureEncoder.CrossSeparator}' || nullif({IdOf(second)}, 0))";
    }

    private string IdOf(string name)
    {
        int index = features.Index().First(feature => feature.Item.Name == name).Index;
        return Id(Token(index), type(features[index].Field));
    }
}
