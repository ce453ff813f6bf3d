using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class VocabulariesTests
{
    private const string Config =
        """
        name: vocabulary
        sources: {events: {path: events.csv}}
        features:
          - {name: item}
          - {name: x, type: numeric, transform: minmax}
        split: {by: given}
        """;

    [Fact]
    public void Fit_OtherSplits_ChangeNothing()
    {
        using var folder = new TemporaryFolder();
        const string Train = "item,x,label,split\na,1,1,train\nb,2,0,train\na,3,1,train\n";
        folder.Write("events.csv", Train + "b,4,1,test\n");
        PreparedDataset small = Prepared.Run(folder, Config);
        string[] vocabulary = Prepared.Vocabulary(small, "item");
        IReadOnlyList<double> bounds = small.Schema.Features[1].Parameters;

        // Were other splits counted, c would be the most frequent and the bounds would be wider.
        folder.Write("events.csv", Train + "c,-50,1,test\nc,90,0,test\nc,4,1,validation\nb,4,1,validation\n");
        PreparedDataset large = Prepared.Run(folder, Config);

        Assert.Equal(["1 a 2", "2 b 1"], vocabulary);
        Assert.Equal(vocabulary, Prepared.Vocabulary(large, "item"));
        Assert.Equal(bounds, large.Schema.Features[1].Parameters);
        Assert.Equal(["0 0.0", "0 1.0"], Prepared.Rows(large, DataSplit.Test, "item, x"));
    }

    [Fact]
    public void Fit_EqualCounts_OrdersByValue()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "item,x,label,split\nz,1,1,train\nb,1,1,train\nB,1,1,train\n10,1,1,train\n9,1,1,train\n");

        Assert.Equal(["1 10 1", "2 9 1", "3 B 1", "4 b 1", "5 z 1"], Prepared.Vocabulary(Prepared.Run(folder, Config), "item"));
    }

    [Fact]
    public void Fit_DifferentMinimumsOfOneField_IsAnError()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "a,b,label\n1,2,1\n");

        var error = Assert.Throws<ConfigException>(() => Prepared.Run(
            folder,
            """
            name: vocabulary
            sources: {events: {path: events.csv}}
            features:
              - {name: a, field: f, min_count: 2}
              - {name: b, field: f, min_count: 3}
            """));

        Assert.Contains("config.yaml:5: features[1].min_count: 3 differs from 2 of feature 'a'", error.Message, StringComparison.Ordinal);
    }
}
