using System.Globalization;
using RecSys.Data.Configuration;

namespace RecSys.Data.Tests;

public sealed class CriteoFormatTests
{
    private const string Folder = "../shared/datasets/criteo-8k-raw";

    [RealDataFact(Folder)]
    public void Run_RawCriteo_AgreesWithAPlainReadingOfTheFile()
    {
        using var folder = new TemporaryFolder();
        ConfigNode config = ConfigNode.Load(Repository.PathOf("configs/datasets/criteo-8k.yaml"), [$"root={Repository.PathOf(Folder)}", "threads=2"]);
        _ = Preparation.Run(config, folder.File("out"));
        PreparedDataset dataset = PreparedDataset.Open(folder.File("out"));
        string[][] train = Read("train.csv");
        string[][] test = Read("test.csv");

        Assert.Equal((train.Length, test.Length), ((int)dataset.RowCount(DataSplit.Train), (int)dataset.RowCount(DataSplit.Test)));
        Assert.Equal(train.Average(row => double.Parse(row[0], CultureInfo.InvariantCulture)), dataset.Schema.BaseRate, 9);
        Batch batch = dataset.Read(DataSplit.Test, new BatchOptions { BatchSize = test.Length }).Single();
        Assert.Equal(test.Select(row => float.Parse(row[0], CultureInfo.InvariantCulture)), batch.Labels);
        for (int field = 0; field < 39; field++)
        {
            Dictionary<string, int> ids = Ids(train.Select(row => Token(field, row[field + 1])));
            Assert.Equal(1 + ids.Count, dataset.Schema.EmbeddingFeatures[field].Field.VocabularySize);
            Assert.Equal(test.Select(row => (long)ids.GetValueOrDefault(Token(field, row[field + 1]))), batch.Ids[field].Values.ToArray());
        }
    }

    private static string[][] Read(string file)
        => [.. File.ReadLines(Repository.PathOf($"{Folder}/{file}")).Select(line => line.Split('\t'))];

    // The published rule of Criteo_x4: numbers above 2 become the category ⌊(ln v)²⌋.
    private static string Token(int field, string text)
    {
        if (field >= 13 || text.Length == 0)
            return text;
        double value = double.Parse(text, CultureInfo.InvariantCulture);
        return (value > 2 ? Math.Floor(Math.Pow(Math.Log(value), 2)) : Math.Floor(value)).ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, int> Ids(IEnumerable<string> tokens)
        => tokens.Where(token => token.Length > 0)
            .GroupBy(token => token)
            .Where(group => group.Count() >= 2)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select((group, index) => (group.Key, Id: index + 1))
            .ToDictionary(pair => pair.Key, pair => pair.Id);
}
