using System.Text.Json.Serialization;

namespace RecSys.Serving.Client;

/// <summary>What is looked up of one feature: ids of its vocabulary, or raw values.</summary>
/// <remarks>In JSON also short: <c>[17, 4]</c> for ids, <c>["u1", "u2"]</c> for values.</remarks>
[JsonConverter(typeof(FeatureIdsConverter))]
public sealed record FeatureIds
{
    /// <summary>Ids; null when there are <see cref="Values"/>.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>Raw values, null for a missing one; null when there are <see cref="Ids"/>.</summary>
    public IReadOnlyList<string?>? Values { get; init; }

    /// <summary>Ids of each bag one behind the other; null when every id stands for itself.</summary>
    public IReadOnlyList<int>? Lengths { get; init; }

    /// <summary>What becomes of the vectors of a bag.</summary>
    /// <value><see cref="VectorPooling.None"/> by default.</value>
    public VectorPooling Pooling { get; init; }

    /// <summary>Ids, each for itself.</summary>
    /// <param name="ids">Ids of the vocabulary.</param>
    public static FeatureIds OfIds(params IReadOnlyList<long> ids) => new() { Ids = ids };

    /// <summary>Raw values, each for itself.</summary>
    /// <param name="values">Raw values; null for a missing one.</param>
    public static FeatureIds OfValues(params IReadOnlyList<string?> values) => new() { Values = values };
}
