using System.Text;
using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Serving.Client;
using RecSys.Serving.Models;
using RecSys.Training;

namespace RecSys.Serving.Requests;

/// <summary>The look-up of one feature: its ids, then its vectors.</summary>
internal sealed class FeatureLookup
{
    private readonly EmbeddingLookup _lookup;
    private readonly long[] _ids;
    private readonly int[]? _offsets;
    private readonly VectorPooling _pooling;
    private readonly string _field;
    private FetchedRows? _rows;

    /// <summary>Checks what is asked for and finds the ids.</summary>
    /// <param name="version">The model.</param>
    /// <param name="lookup">The embedding set.</param>
    /// <param name="name">Name of a feature or field.</param>
    /// <param name="feature">Ids or values.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">Something is not valid; the message names the feature.</exception>
    public FeatureLookup(ServedVersion version, EmbeddingLookup lookup, string name, FeatureIds feature)
    {
        _lookup = lookup;
        Name = name;
        var field = FieldOf(version.Run, lookup, name);
        _field = field.Name;
        _pooling = feature.Pooling;
        _ids = (feature.Ids, feature.Values) switch
        {
            ({ } ids, null) => ids as long[] ?? [.. ids],
            (null, { } values) => IdsOf(version.Run, field, values),
            _ => throw Refusal.Invalid($"features.{name}: needs either 'ids' or 'values'."),
        };
        for (int i = 0; i < _ids.Length; i++)
        {
            if ((ulong)_ids[i] >= (ulong)field.VocabularySize)
                throw Refusal.Invalid($"features.{name}.ids[{i}]: {_ids[i]} is out of range; valid: 0 … {field.VocabularySize - 1}.");
        }

        _offsets = OffsetsOf(feature);
        VectorCount = _pooling == VectorPooling.None ? _ids.Length : _offsets!.Length - 1;
    }

    /// <summary>Name in the request.</summary>
    public string Name { get; }

    /// <summary>Numbers of a vector.</summary>
    public int Dimension => _lookup.Dimension;

    /// <summary>Ids.</summary>
    public int IdCount => _ids.Length;

    /// <summary>Vectors: one per id, or per bag.</summary>
    public int VectorCount { get; }

    /// <summary>Brings the rows of all features of a request here in one call, where rows are live.</summary>
    /// <param name="lookup">The embedding set.</param>
    /// <param name="features">The features, which are read next.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The rows, for <see cref="EmbeddingLookup.Return"/> when all features have been read; null where rows are not live.</returns>
    /// <exception cref="IOException">The rows cannot be read now.</exception>
    public static async ValueTask<FetchedRows?> FetchAsync(EmbeddingLookup lookup, IReadOnlyList<FeatureLookup> features, CancellationToken cancellation)
    {
        var rows = await lookup.FetchAsync(features.Select(f => (f._field, f._ids)), cancellation).ConfigureAwait(false);
        if (rows is null)
            return null;
        foreach (var feature in features)
            feature._rows = rows;
        return rows;
    }

    /// <summary>Reads the vectors.</summary>
    /// <param name="vectors">Receives [vectors × dimension].</param>
    /// <param name="statuses">Receives a status per id.</param>
    public void Read(Span<float> vectors, Span<RowStatus> statuses)
    {
        if (_pooling == VectorPooling.None)
            _lookup.Read(_field, _ids, vectors, _rows);
        else
            _lookup.ReadPooled(_field, _ids, _offsets, _pooling == VectorPooling.Mean, vectors, _rows);
        for (int i = 0; i < _ids.Length; i++)
        {
            statuses[i] = _ids[i] == 0 ? RowStatus.Default : IsZero(vectors, i) ? RowStatus.Filtered : RowStatus.Present;
        }
    }

    /// <summary>The field of a name, which is that of a feature or its own.</summary>
    /// <param name="run">The model.</param>
    /// <param name="lookup">The embedding set.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">There is none.</exception>
    public static EmbeddingField FieldOf(ServableRun run, EmbeddingLookup lookup, string name)
    {
        string fieldName = run.Schema.EmbeddingFeatures.FirstOrDefault(f => f.Name == name)?.Field.Name ?? name;
        return lookup.Fields.FirstOrDefault(f => f.Name == fieldName)
            ?? throw Unknown([.. run.Schema.EmbeddingFeatures.Where(f => lookup.Fields.Any(known => known.Name == f.Field.Name)).Select(f => f.Name).Union(lookup.Fields.Select(f => f.Name))]);

        Microsoft.AspNetCore.Http.BadHttpRequestException Unknown(string[] valid)
            => Refusal.Invalid($"features.{name}: the embedding set '{lookup.SetName}' has no such feature; {NearestName.Hint(name, valid)}valid: {string.Join(", ", valid)}.");
    }

    // The first number of nearly every vector says it.
    private bool IsZero(ReadOnlySpan<float> vectors, int index)
        => _pooling == VectorPooling.None && vectors[index * Dimension] == 0 && !vectors.Slice(index * Dimension, Dimension).ContainsAnyExcept(0f);

    private static long[] IdsOf(ServableRun run, EmbeddingField field, IReadOnlyList<string?> values)
    {
        long[] ids = new long[values.Count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = values[i] is { } value ? run.Vocabularies.IdOf(field.Name, Encoding.UTF8.GetBytes(value)) : 0;
        return ids;
    }

    private int[]? OffsetsOf(FeatureIds feature)
    {
        if (feature.Lengths is null)
            return _pooling == VectorPooling.None ? null : throw Refusal.Invalid($"features.{Name}.lengths: missing; pooling needs the length of each bag.");
        int[] offsets = new int[feature.Lengths.Count + 1];
        long end = 0;
        for (int bag = 0; bag < feature.Lengths.Count; bag++)
        {
            end += feature.Lengths[bag];
            if (feature.Lengths[bag] < 0 || end > _ids.Length)
                throw Refusal.Invalid($"features.{Name}.lengths[{bag}]: {feature.Lengths[bag]} is out of range; the bags hold {_ids.Length} ids together.");
            offsets[bag + 1] = (int)end;
        }

        return end == _ids.Length ? offsets : throw Refusal.Invalid($"features.{Name}.lengths: the bags hold {end} ids together, but {_ids.Length} are given.");
    }
}
