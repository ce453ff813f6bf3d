using System.Globalization;
using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>
/// Writes the vectors of a run for other programs: of each field one row per id, computed by the look-ups that serve it. Memory does
/// not grow with the vocabularies.
/// </summary>
public sealed class EmbeddingExport
{
    /// <summary>Version of what is in the files: tensors or columns, and the names in the metadata.</summary>
    public const int FormatVersion = 1;

    // 4 MiB of vectors at once.
    private const int PieceNumbers = 1 << 20;

    private readonly EmbeddingLookup _lookup;

    /// <summary>Chooses what is written.</summary>
    /// <param name="lookup">The look-ups of one embedding set; they have to outlive this object.</param>
    /// <param name="fields">Names of fields; all of the set when there are none.</param>
    /// <exception cref="DataException">The set has no such field; the message lists those it has and the nearest one.</exception>
    public EmbeddingExport(EmbeddingLookup lookup, IReadOnlyList<string> fields)
    {
        _lookup = lookup;
        string[] valid = [.. lookup.Fields.Select(f => f.Name)];
        foreach (string field in fields.Except(valid))
            throw new DataException($"the embedding set '{lookup.SetName}' has no field '{field}'; {NearestName.Hint(field, valid)}valid: {string.Join(", ", valid)}");
        Fields = [.. lookup.Fields.Where(f => fields.Count == 0 || fields.Contains(f.Name))];
        Metadata = new Dictionary<string, string>
        {
            ["format_version"] = FormatVersion.ToString(CultureInfo.InvariantCulture),
            ["model"] = lookup.Manifest.Model,
            ["set"] = lookup.SetName,
            ["method"] = PerField(s => s.MethodLabel),
            ["precision"] = PerField(s => s.Precision.ToString()),
            ["budget"] = PerField(s => s.Budget.ToString()),
            ["step"] = lookup.Manifest.State.Step.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>The fields that are written.</summary>
    public IReadOnlyList<EmbeddingField> Fields { get; }

    /// <summary>What the files say of the run, by name; a setting that differs between fields as <c>field: setting; …</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Vectors of all fields.</summary>
    public long RowCount => Fields.Sum(f => f.VocabularySize);

    /// <summary>Called with the number of vectors done.</summary>
    public Action<long>? Progress { get; set; }

    /// <summary>Writes one safetensors file: per field an fp32 tensor [ids × dimension] of its name, and <see cref="Metadata"/>.</summary>
    /// <param name="path">The file; it appears when it is complete.</param>
    /// <exception cref="DataException">Something is there already.</exception>
    public void WriteSafetensors(string path)
    {
        if (Directory.Exists(path))
            throw new DataException($"{path}: is a folder; valid: a new file or an empty one");
        if (File.Exists(path) && new FileInfo(path).Length > 0)
            throw new DataException($"{path}: the file is not empty, and is left alone; valid: a new file or an empty one");

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var writer = new SafetensorsWriter(path);
        foreach ((string name, string text) in Metadata)
            writer.AddMetadata(name, text);
        foreach (var field in Fields)
            writer.Declare(field.Name, "F32", field.VocabularySize, _lookup.Dimension);
        long done = 0;
        foreach (var field in Fields)
        {
            ForEachPiece(field, (count, vectors) =>
            {
                writer.Write(vectors);
                Progress?.Invoke(done += count);
            });
        }

        writer.Complete();
    }

    /// <summary>Writes one Parquet file per field, named like it: id, raw value, count, vector, and <see cref="Metadata"/>.</summary>
    /// <param name="folder">The folder; it appears when it is complete.</param>
    /// <exception cref="DataException">Something is there already, or the run's data set, which holds the raw values, has changed.</exception>
    public void WriteParquet(string folder)
    {
        if (File.Exists(folder))
            throw new DataException($"{folder}: is a file; valid: a new folder or an empty one");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new DataException($"{folder}: holds files, and is left alone; valid: a new folder or an empty one");

        var data = _lookup.Config.Dataset.Open();
        DataSchema.Load(_lookup.Directory).RequireSameFeatures(data.Schema, data.Folder);
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string temporary = FormattableString.Invariant($"{target}.{Environment.ProcessId}.partial");
        Directory.CreateDirectory(temporary);
        try
        {
            WriteFiles(temporary, data);
            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(temporary, target);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private void WriteFiles(string folder, PreparedDataset data)
    {
        long before = 0;
        foreach (var field in Fields)
        {
            data.Vocabulary(field.Name).WriteVectors(
                Path.Combine(folder, $"{field.Name}.parquet"),
                _lookup.Dimension,
                (ids, vectors) => _lookup.Read(field.Name, ids, vectors),
                Metadata,
                done => Progress?.Invoke(before + done));
            before += field.VocabularySize;
        }
    }

    private void ForEachPiece(EmbeddingField field, Action<int, ReadOnlySpan<float>> write)
    {
        long[] ids = new long[Math.Max(1, PieceNumbers / _lookup.Dimension)];
        float[] vectors = new float[ids.Length * _lookup.Dimension];
        for (long first = 0; first < field.VocabularySize; first += ids.Length)
        {
            int count = (int)Math.Min(ids.Length, field.VocabularySize - first);
            for (int i = 0; i < count; i++)
                ids[i] = first + i;
            _lookup.Read(field.Name, ids.AsSpan(0, count), vectors);
            write(count, vectors.AsSpan(0, count * _lookup.Dimension));
        }
    }

    private string PerField(Func<MethodSpec, string> setting)
    {
        var settings = Fields.Select(f => (f.Name, Setting: setting(_lookup.Groups.Single(g => g.Request.Fields.Contains(f)).Spec))).ToList();
        return settings.Select(s => s.Setting).Distinct().Count() == 1
            ? settings[0].Setting
            : string.Join("; ", settings.Select(s => $"{s.Name}: {s.Setting}"));
    }
}
