using System.Globalization;
using System.Text;

namespace RecSys.Data.Tests;

public sealed class FeatureEncoderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Encoder_RawValues_GivesTheBatchOfTheFile()
    {
        PreparedDataset data = Prepare();
        Row[] rows = [.. Enumerable.Range(0, 500).Select(i => Row.Random(new Random(1000 + i)))];
        File.WriteAllLines(_folder.File("input.csv"), [Row.Header, .. rows.Select(r => r.Line)]);
        VocabularyIndex.Write(_folder.File(VocabularyIndex.FileName), data);
        using VocabularyIndex index = VocabularyIndex.Open(_folder.File(VocabularyIndex.FileName), data.Schema);
        var encoder = new FeatureEncoder(data.Schema, index);

        Batch expected = data.Encode(_folder.File("input.csv"), new BatchOptions { BatchSize = 500 }).Single();
        var actual = Batch.Of(data.Schema, [.. rows.Select(r => r.Encode(encoder))]);

        Assert.Equal(expected.Size, actual.Size);
        for (int feature = 0; feature < expected.Ids.Count; feature++)
        {
            Assert.Equal(expected.Ids[feature].Values, actual.Ids[feature].Values);
            Assert.Equal(expected.Ids[feature].Offsets, actual.Ids[feature].Offsets);
        }

        Assert.Equal(expected.Numeric, actual.Numeric);
        Assert.All(actual.Labels, label => Assert.True(float.IsNaN(label)));
        Assert.All(actual.Groups, group => Assert.Equal(-1, group));
    }

    [Fact]
    public void Sample_NothingSet_IsAllMissing()
    {
        PreparedDataset data = Prepare();

        var sample = new EncodedSample(data.Schema);

        Assert.Equal([0L], sample.Ids[0]);
        Assert.Empty(sample.Ids[data.Schema.EmbeddingFeatures.ToList().FindIndex(f => f.Name == "history")]);
        Assert.All(sample.Numbers, number => Assert.Equal(0, number));
    }

    private PreparedDataset Prepare()
    {
        File.WriteAllLines(_folder.File("log.csv"), [$"{Row.Header},y", .. Enumerable.Range(0, 2000).Select(i => $"{Row.Random(new Random(i)).Line},{i % 2}")]);
        return Prepared.Run(_folder, """
            name: kinds
            sources: {log: {path: log.csv}}
            label: {column: y}
            features:
              - {name: user}
              - {name: squared, transform: log_squared_bucket}
              - {name: quantile, transform: quantile_bucket, buckets: 7}
              - {name: plain, type: numeric}
              - {name: log, type: numeric, transform: log1p}
              - {name: minmax, type: numeric, transform: minmax}
              - {name: standard, type: numeric, transform: standard}
              - {name: tags, type: multi_valued, max_length: 3}
              - {name: all, type: multi_valued, field: tags}
              - {name: history, type: sequence, max_length: 4}
            crosses:
              - {features: [user, squared, quantile], min_count: 2}
            split: {by: random, validation: 0.1, test: 0.1}
            """);
    }

    // A row of raw values; what is null is missing.
    private sealed record Row(string? User, double?[] Numbers, string[][] Lists)
    {
        private static readonly string[] s_names = ["squared", "quantile", "plain", "log", "minmax", "standard"];
        private static readonly string[] s_lists = ["tags", "all", "history"];

        public static string Header => $"user,{string.Join(',', s_names)},{string.Join(',', s_lists)}";

        public string Line => $"{User},{string.Join(',', Numbers.Select(n => n?.ToString("R", CultureInfo.InvariantCulture)))},{string.Join(',', Lists.Select(l => string.Join('|', l)))}";

        public static Row Random(Random random) => new(
            random.Next(10) == 0 ? null : $"u{random.Next(300)}",
            [.. s_names.Select(_ => random.Next(10) == 0 ? (double?)null : Math.Round((random.NextDouble() - 0.2) * Math.Pow(10, random.Next(6)), 3))],
            [.. s_lists.Select(_ => Enumerable.Range(0, random.Next(7)).Select(_ => $"t{random.Next(40)}").ToArray())]);

        public EncodedSample Encode(FeatureEncoder encoder)
        {
            var sample = new EncodedSample(encoder.Schema);
            if (User is not null)
                sample.Ids[Index(encoder, "user").Index] = [encoder.IdOf(Index(encoder, "user").Feature, Encoding.UTF8.GetBytes(User))];
            for (int i = 0; i < s_names.Length; i++)
            {
                (DataFeature feature, int index) = Index(encoder, s_names[i]);
                if (Numbers[i] is not { } number)
                    continue;
                if (feature.HasIds)
                    sample.Ids[index] = [encoder.IdOf(feature, number)];
                else
                    sample.Numbers[index] = FeatureEncoder.NumberOf(feature, number);
            }

            for (int i = 0; i < s_lists.Length; i++)
            {
                (DataFeature feature, int index) = Index(encoder, s_lists[i]);
                sample.Ids[index] = FeatureEncoder.Keep(feature, [.. Lists[i].Select(v => encoder.IdOf(feature, Encoding.UTF8.GetBytes(v)))]);
            }

            encoder.SetCrosses(sample);
            return sample;
        }

        private static (DataFeature Feature, int Index) Index(FeatureEncoder encoder, string name)
        {
            Assert.True(encoder.TryFind(name, out DataFeature feature, out int index));
            return (feature, index);
        }
    }
}
