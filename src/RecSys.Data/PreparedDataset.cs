using System.Globalization;
using RecSys.Data.Ingest;
using RecSys.Data.Interop;
using RecSys.Data.Reading;
using RecSys.Embeddings;

namespace RecSys.Data;

/// <summary>A prepared data set, read in batches.</summary>
/// <remarks>Thread-safe: every enumeration of batches has its own thread and files.</remarks>
public sealed class PreparedDataset
{
    private PreparedDataset(string folder, DataSchema schema)
    {
        Folder = folder;
        Schema = schema;
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>What it holds.</summary>
    public DataSchema Schema { get; }

    /// <summary>Opens a folder written by <see cref="Preparation"/>.</summary>
    /// <exception cref="DataException">There is no schema, or a file it lists is missing.</exception>
    public static PreparedDataset Open(string folder)
    {
        DataSchema schema = DataSchema.Load(folder);
        foreach (string file in schema.Files.Keys)
        {
            if (!File.Exists(Path.Combine(folder, file)))
                throw new DataException($"{Path.Combine(folder, file)}: the file is missing, although {DataSchema.FileName} lists it; prepare the data again");
        }

        return new PreparedDataset(folder, schema);
    }

    /// <summary>Rows of a split.</summary>
    public long RowCount(DataSplit split) => Schema.RowCount(split);

    /// <summary>Number of batches of an epoch, those that <see cref="BatchOptions.SkipBatches"/> leaves out included.</summary>
    public long BatchCount(DataSplit split, BatchOptions options) => options.CountBatches(RowCount(split));

    /// <summary>Reads one epoch of a split. Failures come out of the enumeration as <see cref="DataException"/>.</summary>
    public IEnumerable<Batch> Read(DataSplit split, BatchOptions options)
    {
        Part[] parts = [.. Parts(split)];
        return new BatchReader(Schema, options, () => new PartProducer(Schema, options, DuckDatabase.Open(null, new DuckOptions { ThreadCount = 1 }), parts));
    }

    /// <summary>Rows of a split that have each id of a feature; no other column is read.</summary>
    /// <param name="split">Which split.</param>
    /// <param name="feature">One of the features, with one id.</param>
    /// <returns>A count per id of its vocabulary.</returns>
    /// <exception cref="DataException">A file cannot be read, or has an id that the vocabulary does not have.</exception>
    public long[] CountIds(DataSplit split, EmbeddingFeature feature)
    {
        long[] counts = new long[feature.Field.VocabularySize];
        using DuckDatabase database = DuckDatabase.Open(null, new DuckOptions { ThreadCount = 1 });
        foreach (Part part in Parts(split))
        {
            try
            {
                using DuckResult result = database.Query($"SELECT {SqlText.Name(feature.Name)} FROM {part.Relation}");
                while (result.Next() is { } chunk)
                    Count(chunk[0].Values<int>(), part);
            }
            catch (DuckException error)
            {
                throw SourceErrors.Translate(error, part.Name);
            }
        }

        return counts;

        void Count(ReadOnlySpan<int> ids, Part part)
        {
            foreach (int id in ids)
            {
                if ((uint)id >= counts.Length)
                    throw new DataException($"{part.Name}: column '{feature.Name}' has id {id}, which its vocabulary '{feature.Field.Name}' does not have; valid: 0 … {counts.Length - 1}");
                counts[id]++;
            }
        }
    }

    /// <summary>
    /// Reads a raw file with this data set's vocabularies and transforms, row by row in its order: one column per feature, named like
    /// it, lists as list columns or separated text. Missing labels are NaN and missing groups −1.
    /// </summary>
    /// <param name="file">CSV or TSV with a header, or Parquet.</param>
    /// <param name="options">How to cut it into batches.</param>
    public IEnumerable<Batch> Encode(string file, BatchOptions options)
        => new BatchReader(Schema, options, () => new RawInput(this, file).Open(options));

    /// <summary>The vocabulary of a field.</summary>
    /// <exception cref="DataException">There is no such field; the message lists those there are.</exception>
    public Vocabulary Vocabulary(string field)
        => Schema.Vocabularies.TryGetValue(field, out long size)
            ? new Vocabulary(field, size, Path.Combine(Folder, "vocabulary", $"{field}.parquet"))
            : throw new DataException($"there is no vocabulary '{field}' in {Folder}; valid: {string.Join(", ", Schema.Vocabularies.Keys)}");

    /// <summary>Reads every file and compares its checksum.</summary>
    /// <exception cref="DataException">A file has changed.</exception>
    public void Verify()
    {
        foreach ((string name, string expected) in Schema.Files)
        {
            string path = Path.Combine(Folder, name);
            string actual = PreparedFolder.Checksum(path);
            if (actual != expected)
                throw new DataException($"{path}: has SHA-256 {actual}, but {expected} was written; prepare the data again");
        }
    }

    private IEnumerable<Part> Parts(DataSplit split)
    {
        long rows = RowCount(split);
        for (int part = 0; rows > 0; part++)
        {
            string file = Path.Combine(Folder, DataSchema.FolderOf(split), $"part-{part.ToString("D5", CultureInfo.InvariantCulture)}.parquet");
            int count = (int)Math.Min(rows, Schema.RowsPerPart);
            yield return new Part(file, $"read_parquet({SqlText.Literal(file)})", count);
            rows -= count;
        }
    }
}
