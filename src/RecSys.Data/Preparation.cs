using System.Diagnostics;
using RecSys.Data.Configuration;
using RecSys.Data.Ingest;
using RecSys.Data.Interop;

namespace RecSys.Data;

/// <summary>Turns raw logs into a prepared data set. The work is SQL; rows beyond the memory limit are spilled to disk, vocabularies are not.</summary>
public static class Preparation
{
    /// <summary>Prepares a data set, of files or of events made by a known rule.</summary>
    /// <param name="config">The data set's configuration.</param>
    /// <param name="outputFolder">Where to put it; a prepared data set that is there is replaced.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="bestKnown">The best possible result on the test rows, for made data.</param>
    /// <exception cref="ConfigException">The configuration is wrong, also with regard to the data's columns.</exception>
    /// <exception cref="DataException">The data are wrong, or the folder holds something else.</exception>
    public static PreparationSummary Run(
        ConfigNode config, string outputFolder, IProgress<PreparationProgress>? progress = null, BestKnown? bestKnown = null)
    {
        if (config.Has("synthetic"))
            return SyntheticDataset.Write(SyntheticOptions.Read(config), outputFolder, progress);
        var watch = Stopwatch.StartNew();
        DatasetConfig dataset = DatasetConfig.Read(config);
        using var folder = new PreparedFolder(outputFolder);
        string spill = Path.Combine(folder.Folder, "spill");
        DataSchema schema;
        using (DuckDatabase database = Open(dataset, spill))
        {
            try
            {
                schema = Write(database, dataset, folder, progress) with { BestKnown = bestKnown };
            }
            catch (DuckException error)
            {
                string advice = error.Message.StartsWith("Out of Memory", StringComparison.Ordinal) ? " Set a higher 'memory_limit', or fewer 'threads'." : "";
                throw new DataException($"preparing '{dataset.Name}' failed: {error.Message}{advice}", error);
            }
        }

        if (Directory.Exists(spill))
            Directory.Delete(spill, recursive: true);
        progress?.Report(new PreparationProgress("check", "computing checksums", 0, 1));
        (schema with { Files = PreparedFolder.Checksums(folder.Folder) }).Save(folder.Folder);
        folder.Commit();
        long bytes = new DirectoryInfo(outputFolder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        return new PreparationSummary(outputFolder, DataSchema.Load(outputFolder), bytes, watch.Elapsed);
    }

    private static DuckDatabase Open(DatasetConfig dataset, string spill)
    {
        DuckDatabase database;
        try
        {
            database = DuckDatabase.Open(null, dataset.Limits with { TemporaryFolder = spill });
        }
        catch (DuckException error)
        {
            throw dataset.Node.Error("memory_limit", error.Message);
        }

        database.Execute(RandomKey.Definition);
        return database;
    }

    private static DataSchema Write(DuckDatabase database, DatasetConfig dataset, PreparedFolder folder, IProgress<PreparationProgress>? progress)
    {
        progress?.Report(new PreparationProgress("read", $"reading {dataset.Sources.Count} sources", 0, 1));
        new SourceViews(database, dataset).Create();
        var events = new EventTable(database, dataset);
        long rows = events.Create();

        progress?.Report(new PreparationProgress("split", $"splitting {rows:N0} rows", 0, 1));
        new SplitTable(database, dataset).Create(rows);

        DataFeature[] features = Fit(database, dataset);
        var vocabularies = new Vocabularies(database, dataset, features);
        Dictionary<string, long> sizes = FitVocabularies(database, vocabularies, folder, progress);
        CreateHistories(database, dataset, vocabularies, progress);

        progress?.Report(new PreparationProgress("encode", $"encoding and shuffling {rows:N0} rows", 0, rows));
        IReadOnlyDictionary<DataSplit, long> counts = new EncodedTable(database, dataset, features, vocabularies).Create(events.HasIntegerGroup);
        DataTask[] tasks = [.. dataset.Tasks.Select(task => task.Task)];
        IEnumerable<string> columns = [.. features.Select(feature => feature.Name), "label", .. tasks.Select(task => task.Column), .. dataset.Group is null ? Array.Empty<string>() : ["group"]];
        PreparedWriter.WriteParts(
            database, folder, counts, dataset.RowsPerPart, columns,
            done => progress?.Report(new PreparationProgress("write", $"written {done:N0} of {rows:N0} rows", done, rows)));
        return new DataSchema
        {
            Name = dataset.Name,
            Features = features,
            Vocabularies = sizes,
            Label = dataset.Label.Description,
            Tasks = tasks,
            Group = dataset.Group,
            RowCounts = counts,
            RowsPerPart = dataset.RowsPerPart,
            BaseRate = database.Scalar<double>("SELECT avg(label::DOUBLE) FROM _encoded WHERE s = 0") ?? 0,
            Config = dataset.Node.ToYaml(),
        };
    }

    private static DataFeature[] Fit(DuckDatabase database, DatasetConfig dataset)
        => [.. dataset.Features.Select((feature, index) => TransformFit.Fit(database, feature, EventTable.Column(index)))];

    private static Dictionary<string, long> FitVocabularies(
        DuckDatabase database, Vocabularies vocabularies, PreparedFolder folder, IProgress<PreparationProgress>? progress)
    {
        var sizes = new Dictionary<string, long>();
        foreach (string field in vocabularies.Fields)
        {
            progress?.Report(new PreparationProgress("vocabulary", $"vocabulary of {field}", sizes.Count, vocabularies.Fields.Count));
            sizes[field] = vocabularies.Fit(field);
            PreparedWriter.WriteVocabulary(database, folder, field, vocabularies.Table(field));
        }

        return sizes;
    }

    private static void CreateHistories(DuckDatabase database, DatasetConfig dataset, Vocabularies vocabularies, IProgress<PreparationProgress>? progress)
    {
        var tables = new HistoryTables(database, dataset, vocabularies);
        int[] sequences = [.. Enumerable.Range(0, dataset.Features.Count).Where(i => dataset.Features[i].History is not null)];
        foreach (int feature in sequences)
        {
            progress?.Report(new PreparationProgress("history", $"history of {dataset.Features[feature].Name}", Array.IndexOf(sequences, feature), sequences.Length));
            tables.Create(feature);
        }
    }
}
