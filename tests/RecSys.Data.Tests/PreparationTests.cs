using System.IO.Compression;
using System.Text;
using RecSys.Data.Configuration;
using RecSys.Embeddings;

namespace RecSys.Data.Tests;

public sealed class PreparationTests
{
    private const string Events =
        """
        user,item,price,tags,label,split
        ann,i3,1,red|blue,1,train
        bob,i3,3,blue,0,train
        ann,i1,5,,1,train
        cat,i2,,red|green|blue,0,train
        ann,i9,9,violet|red,1,validation
        bob,,2,blue,0,test
        """;

    private const string Columns = "\"user\", item, tags, price, label, \"group\"";

    private const string Config =
        """
        name: small
        sources: {events: {path: events.csv}}
        group: user
        features:
          - {name: user}
          - {name: item, min_count: 2}
          - {name: tags, type: multi_valued, max_length: 2}
          - {name: price, type: numeric, transform: minmax}
        split: {by: given}
        """;

    [Fact]
    public void Run_Csv_GivesIdsByTrainFrequencyAndFittedNumbers()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);

        PreparedDataset dataset = Prepared.Run(folder, Config);

        Assert.Equal(["1 ann 2", "2 bob 1", "3 cat 1"], Prepared.Vocabulary(dataset, "user"));
        Assert.Equal(["1 i3 2"], Prepared.Vocabulary(dataset, "item"));
        Assert.Equal(["1 blue 2", "2 red 2", "3 green 1"], Prepared.Vocabulary(dataset, "tags"));
        Assert.Equal(
            ["1 0 [] 1.0 1.0", "1 1 [2, 1] 0.0 1.0", "2 1 [1] 0.5 0.0", "3 0 [2, 3] 0.0 0.0"],
            Prepared.Rows(dataset, DataSplit.Train, "\"user\", item, tags, price, label").Order(StringComparer.Ordinal));
        Assert.Equal(["1 0 [0, 2] 1.0 1.0 1"], Prepared.Rows(dataset, DataSplit.Validation, Columns));
        Assert.Equal(["2 0 [1] 0.25 0.0 2"], Prepared.Rows(dataset, DataSplit.Test, Columns));
    }

    [Fact]
    public void Run_Csv_WritesTheSchema()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);

        DataSchema schema = Prepared.Run(folder, Config).Schema;

        Assert.Equal("small", schema.Name);
        Assert.Equal("user", schema.Group);
        Assert.Equal((4, 1, 1), (schema.RowCount(DataSplit.Train), schema.RowCount(DataSplit.Validation), schema.RowCount(DataSplit.Test)));
        Assert.Equal(0.5, schema.BaseRate);
        Assert.Equal(["price"], schema.NumericNames);
        Assert.Equal([1.0, 5.0], schema.Features[3].Parameters);
        Assert.Equal(
            [new EmbeddingFeature("user", new("user", 4), true), new EmbeddingFeature("item", new("item", 2), true), new EmbeddingFeature("tags", new("tags", 4), false)],
            schema.EmbeddingFeatures);
        Assert.Contains("min_count: 2", schema.Config, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events.tsv", "", "\t")]
    [InlineData("events.dat", "delimiter: '::'", "::")]
    [InlineData("events.tsv.gz", "", "\t")]
    public void Run_OtherTextFormats_GiveTheSameRows(string name, string extra, string delimiter)
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        string[] expected = Prepared.Rows(Prepared.Run(folder, Config), DataSplit.Train, Columns);
        byte[] text = Encoding.UTF8.GetBytes(Events.Replace(",", delimiter, StringComparison.Ordinal));
        using (Stream file = File.Create(folder.File(name)))
        using (Stream stream = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Compress) : file)
            stream.Write(text);

        PreparedDataset dataset = Prepared.Run(folder, Config.Replace("path: events.csv", $"path: {name}, {extra}", StringComparison.Ordinal));

        Assert.Equal(expected, Prepared.Rows(dataset, DataSplit.Train, Columns));
    }

    [Fact]
    public void Run_ParquetWithTypesAndLists_GivesTheSameIdsAsText()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        PreparedDataset text = Prepared.Run(folder, Config);
        string[] expected = Prepared.Rows(text, DataSplit.Train, Columns);
        Prepared.WriteParquet(folder, "events.parquet",
            $"SELECT * REPLACE (string_split(tags, '|') AS tags) FROM read_csv('{folder.File("events.csv")}')");

        PreparedDataset dataset = Prepared.Run(folder, Config.Replace("events.csv", "events.parquet", StringComparison.Ordinal));

        Assert.Equal(expected, Prepared.Rows(dataset, DataSplit.Train, Columns));
    }

    [Fact]
    public void Run_Libsvm_GivesColumnsByPositionAndSplitsByFile()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train.libfm", "1 7:1 9:1\n-1 8:1 9:1\n1 7:1 10:1\n");
        folder.Write("test.libfm", "-1 8:1 11:1\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: small
            sources:
              train: {path: train.libfm, split: train, columns: [user, item]}
              test: {path: test.libfm, format: libsvm, split: test, columns: [user, item]}
            label: {expression: label > 0}
            features: [{columns: [user, item]}]
            split: {by: given}
            """);

        Assert.Equal(["1 7 2", "2 8 1"], Prepared.Vocabulary(dataset, "user"));
        Assert.Equal(["1 1 1.0", "1 2 1.0", "2 1 0.0"], Prepared.Rows(dataset, DataSplit.Train, "\"user\", item, label").Order(StringComparer.Ordinal));
        Assert.Equal(["2 0 0.0"], Prepared.Rows(dataset, DataSplit.Test, "\"user\", item, label"));
    }

    [Fact]
    public void Run_SeveralSourcesWithAQuery_JoinsThem()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ratings.tsv", "u1\tm1\t5\nu1\tm2\t3\nu2\tm1\t4\n");
        File.WriteAllBytes(folder.File("movies.dat"), Encoding.Latin1.GetBytes("m1::Amélie (2001)::Comedy|Romance\nm2::Solaris (1972)::Drama\n"));

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: movies
            sources:
              ratings: {path: ratings.tsv, header: false, columns: [user, movie, rating], types: {rating: INTEGER}}
              movies: {path: movies.dat, delimiter: "::", header: false, encoding: latin-1, columns: [movie, title, genres]}
            query: SELECT ratings.*, title, genres FROM ratings JOIN movies USING (movie)
            label: {expression: rating >= 4}
            features:
              - {name: title}
              - {name: genres, type: multi_valued}
            split: {by: random, validation: 0, test: 0}
            """);

        Assert.Equal(["1 Amélie (2001) 2", "2 Solaris (1972) 1"], Prepared.Vocabulary(dataset, "title"));
        Assert.Equal(["1 [1, 2] 1.0", "1 [1, 2] 1.0", "2 [3] 0.0"], Sorted(dataset, "title, genres, label"));
    }

    [Fact]
    public void Run_LinesAndJson_AreReadAsTheyAre()
    {
        using var folder = new TemporaryFolder();
        folder.Write("users.txt", "u1 a b\nu2 b\n");
        folder.Write("items.jsonl", "{\"item\": \"a\", \"tags\": [\"x\", \"y\"]}\n{\"item\": \"b\", \"tags\": []}\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: lines
            sources:
              users: {path: users.txt, format: lines}
              items: {path: items.jsonl}
            query: |
              SELECT "user", item, tags, 1 AS label
              FROM (SELECT split_part(line, ' ', 1) AS "user", unnest(string_split(line, ' ')[2:]) AS item FROM users) JOIN items USING (item)
            features:
              - {columns: [user, item]}
              - {name: tags, type: multi_valued}
            split: {by: random, validation: 0, test: 0}
            """);

        Assert.Equal(["1 1 []", "1 2 [1, 2]", "2 1 []"], Sorted(dataset, "\"user\", item, tags"));
    }

    [Fact]
    public void Run_FeaturesOfOneField_ShareAVocabulary()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "from,to,label\nAAA,BBB,1\nCCC,BBB,0\nBBB,AAA,0\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: flights
            sources: {events: {path: events.csv}}
            features:
              - {name: from, field: airport}
              - {name: to, field: airport}
            split: {by: random, validation: 0, test: 0}
            """);

        Assert.Equal(["1 BBB 3", "2 AAA 2", "3 CCC 1"], Prepared.Vocabulary(dataset, "airport"));
        Assert.Equal(["1 2", "2 1", "3 1"], Sorted(dataset, "\"from\", \"to\""));
        Assert.Same(dataset.Schema.EmbeddingFeatures[0].Field, dataset.Schema.EmbeddingFeatures[1].Field);
    }

    [Fact]
    public void Run_IntegerGroup_KeepsItsValuesAndMarksMissingOnes()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "user,label\n77,1\n,0\n9000000000,0\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: groups
            sources: {events: {path: events.csv, types: {user: BIGINT}}}
            group: user
            features: [{name: user}]
            split: {by: random, validation: 0, test: 0}
            """);

        Assert.Equal(["-1", "77", "9000000000"], Sorted(dataset, "\"group\""));
    }

    [Fact]
    public void Run_Twice_WritesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", ManyRows(5000));
        string[] settings = ["split.by=random", "split.validation=0.1", "split.test=0.1", "rows_per_part=1000"];

        IReadOnlyDictionary<string, string> first = Prepared.Run(folder, ManyConfig, settings).Schema.Files;
        IReadOnlyDictionary<string, string> again = Prepared.Run(folder, ManyConfig, settings).Schema.Files;
        IReadOnlyDictionary<string, string> other = Prepared.Run(folder, ManyConfig, [.. settings, "seed=1"]).Schema.Files;

        Assert.Equal(first, again);
        Assert.NotEqual(first["train/part-00000.parquet"], other["train/part-00000.parquet"]);
        Assert.Equal(4, first.Keys.Count(file => file.StartsWith("train/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Run_TrainRows_AreShuffledAndTestRowsKeepTheirOrder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", ManyRows(2000));

        PreparedDataset dataset = Prepared.Run(folder, ManyConfig, "split.by=time", "split.order=number", "split.validation=0.1", "split.test=0.2");

        double[] train = [.. Prepared.Rows(dataset, DataSplit.Train, "number").Select(double.Parse)];
        double[] test = [.. Prepared.Rows(dataset, DataSplit.Test, "number").Select(double.Parse)];
        Assert.Equal(Enumerable.Range(1600, 400).Select(i => (double)i), test);
        Assert.Equal(Enumerable.Range(0, 1400).Select(i => (double)i), train.Order());
        // A random order has about as many rises as falls; a sorted one has rises only.
        Assert.InRange(train.Zip(train.Skip(1)).Count(pair => pair.First < pair.Second), 600, 800);
    }

    [Fact]
    public void Run_Progress_NamesTheStagesInOrder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        var stages = new List<string>();

        PreparationSummary summary = Preparation.Run(ConfigNode.Parse(Config, "config.yaml", [$"root={folder.Path}"]), folder.File("out"), new Recorder(stages));

        Assert.Equal(["read", "split", "vocabulary", "encode", "write", "check"], stages.Distinct());
        Assert.Equal(6, summary.RowCount);
        Assert.Equal(new DirectoryInfo(summary.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), summary.ByteCount);
    }

    [Fact]
    public void Run_ExistingDataset_IsReplacedAndNothingElseIsLeft()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        _ = Prepared.Run(folder, Config);
        folder.Write("out/left-over.txt", "of the first run");

        _ = Prepared.Run(folder, Config);

        Assert.False(File.Exists(folder.File("out/left-over.txt")));
        Assert.Equal(["events.csv", "out"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_FolderWithOtherFiles_LeavesThemAlone()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        folder.Write("out/thesis.txt", "the only copy");

        DataException error = Assert.Throws<DataException>(() => Prepared.Run(folder, Config));

        Assert.Contains("no prepared data set", error.Message, StringComparison.Ordinal);
        Assert.Equal("the only copy", File.ReadAllText(folder.File("out/thesis.txt")));
    }

    [Fact]
    public void Run_Failure_LeavesTheOldDatasetAndNoTemporaryFiles()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", Events);
        IReadOnlyDictionary<string, string> before = Prepared.Run(folder, Config).Schema.Files;

        Assert.Throws<DataException>(() => Prepared.Run(folder, Config.Replace("{name: user}", "{name: user}\n  - {name: tags2, column: tags, type: numeric}", StringComparison.Ordinal)));

        PreparedDataset kept = PreparedDataset.Open(folder.File("out"));
        kept.Verify();
        Assert.Equal(before, kept.Schema.Files);
        Assert.Equal(["events.csv", "out"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private const string ManyConfig =
        """
        name: many
        sources: {events: {path: events.csv}}
        features:
          - {name: user}
          - {name: number, type: numeric}
        """;

    private static string ManyRows(int count)
        => "user,number,label\n" + string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"u{i % 37},{i},{i % 2}\n")));

    private static IEnumerable<string> Sorted(PreparedDataset dataset, string columns)
        => Prepared.Rows(dataset, DataSplit.Train, columns).Order(StringComparer.Ordinal);

    private sealed class Recorder(List<string> stages) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => stages.Add(value.Stage);
    }
}
