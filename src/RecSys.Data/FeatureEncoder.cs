using System.Globalization;
using System.Text;

namespace RecSys.Data;

/// <summary>Turns raw values into ids and numbers, one at a time, as <see cref="PreparedDataset.Encode"/> does it for files.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="schema">The features.</param>
/// <param name="vocabularies">Their vocabularies; they have to outlive this object.</param>
public sealed class FeatureEncoder(DataSchema schema, VocabularyIndex vocabularies)
{
    /// <summary>What stands between the ids of a pair in a cross's vocabulary.</summary>
    internal const char CrossSeparator = '.';

    private readonly Dictionary<string, (DataFeature Feature, int Index)> _features = Number(schema);
    private readonly (DataFeature Feature, int Index)[] _crosses = [.. Number(schema).Values.Where(feature => feature.Item1.Cross.Count > 0)];

    /// <summary>The features.</summary>
    public DataSchema Schema => schema;

    /// <summary>Finds a feature with values of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="feature">The feature.</param>
    /// <param name="index">Its place in <see cref="EncodedSample.Ids"/>, or in <see cref="EncodedSample.Numbers"/> when it has no ids.</param>
    /// <returns>False when there is none.</returns>
    public bool TryFind(string name, out DataFeature feature, out int index)
    {
        bool isKnown = _features.TryGetValue(name, out var found);
        (feature, index) = found;
        return isKnown && feature.Cross.Count == 0;
    }

    /// <summary>The id of a category, or of an element of a list; 0 when it is unknown.</summary>
    /// <param name="feature">A feature with ids of text.</param>
    /// <param name="value">The value in UTF-8.</param>
    public long IdOf(DataFeature feature, ReadOnlySpan<byte> value) => vocabularies.IdOf(feature.Field, value);

    /// <summary>The id of the bucket that a number falls into; 0 when no train row did.</summary>
    /// <param name="feature">A categorical feature made of numbers.</param>
    /// <param name="number">A finite number.</param>
    public long IdOf(DataFeature feature, double number)
    {
        long bucket = feature.Transform switch
        {
            TransformKind.LogSquaredBucket => (long)Math.Floor(number > 2 ? Math.Pow(Math.Log(number), 2) : number),
            TransformKind.QuantileBucket => feature.Parameters.Count(bound => number > bound),
            _ => throw new ArgumentException($"Feature '{feature.Name}' has no buckets.", nameof(feature)),
        };
        return IdOf(feature, Encoding.UTF8.GetBytes(bucket.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Sets the crosses of a sample, whose other features are set.</summary>
    /// <param name="sample">The sample.</param>
    public void SetCrosses(EncodedSample sample)
    {
        foreach ((DataFeature feature, int index) in _crosses)
        {
            (long first, long second) = (IdIn(feature.Cross[0]), IdIn(feature.Cross[1]));
            sample.Ids[index] = [first == 0 || second == 0 ? 0 : IdOf(feature, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{first}{CrossSeparator}{second}")))];
        }

        long IdIn(string name) => sample.Ids[_features[name].Index][0];
    }

    /// <summary>The value of a numeric feature.</summary>
    /// <param name="feature">The feature.</param>
    /// <param name="number">A finite number.</param>
    public static float NumberOf(DataFeature feature, double number) => (float)(feature.Transform switch
    {
        TransformKind.Log1p => Math.Log(1 + Math.Max(number, 0)),
        TransformKind.MinMax => Math.Clamp(Scaled(feature, number, feature.Parameters[1] - feature.Parameters[0]), 0, 1),
        TransformKind.Standard => Scaled(feature, number, feature.Parameters[1]),
        _ => number,
    });

    /// <summary>The ids of a list that are kept: the last of a sequence, the first of a bag.</summary>
    /// <param name="feature">A feature with lists.</param>
    /// <param name="ids">All ids.</param>
    public static long[] Keep(DataFeature feature, List<long> ids)
    {
        int count = feature.MaxLength == 0 ? ids.Count : Math.Min(ids.Count, feature.MaxLength);
        return [.. ids.GetRange(feature.Kind == FeatureKind.Sequence ? ids.Count - count : 0, count)];
    }

    private static double Scaled(DataFeature feature, double number, double width) => width == 0 ? 0 : (number - feature.Parameters[0]) / width;

    private static Dictionary<string, (DataFeature, int)> Number(DataSchema schema)
    {
        Dictionary<string, (DataFeature, int)> features = [];
        int idCount = 0;
        int numberCount = 0;
        foreach (DataFeature feature in schema.Features)
            features.Add(feature.Name, (feature, feature.HasIds ? idCount++ : numberCount++));
        return features;
    }
}
