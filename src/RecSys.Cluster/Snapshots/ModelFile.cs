namespace RecSys.Cluster.Snapshots;

/// <summary>The file <c>model.json</c> in folders of snapshots and shards.</summary>
internal static class ModelFile
{
    /// <summary>Its name.</summary>
    public const string Name = "model.json";

    /// <summary>Writes a model. Several processes may write the same one at a time.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model.</param>
    public static void Write(string folder, ShardedModel model)
    {
        string file = Path.Combine(folder, Name);
        string temporary = FormattableString.Invariant($"{file}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp");
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(ShardedModelFormat.Write(model));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>Reads a model.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidDataException">The file is missing or damaged; the message names it.</exception>
    public static ShardedModel Read(string folder)
    {
        string file = Path.Combine(folder, Name);
        if (!File.Exists(file))
            throw new InvalidDataException($"{file}: the file is missing.");
        try
        {
            // Only the bytes that this library writes: another case or an unknown space would be damage that JSON does not mind.
            byte[] json = File.ReadAllBytes(file);
            var model = ShardedModelFormat.Read(json);
            return ShardedModelFormat.Write(model).AsSpan().SequenceEqual(json) ? model : throw new InvalidDataException($"{file}: it is not as it was written; it is damaged.");
        }
        catch (ShardException e)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }
}
