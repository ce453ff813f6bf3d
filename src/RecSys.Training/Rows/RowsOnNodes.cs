using RecSys.Embeddings.Memory;
using RecSys.Training.Checkpoints;

namespace RecSys.Training.Rows;

/// <summary>The file of a run's folder that says under which name the nodes of a cluster have its rows. It is there as long as they have.</summary>
/// <param name="Model">Name of the model on the nodes.</param>
internal sealed record RowsOnNodes(string Model)
{
    /// <summary>Its name.</summary>
    public const string FileName = "rows.json";

    /// <summary>Writes the file.</summary>
    /// <param name="directory">The run's folder.</param>
    public void Write(string directory)
    {
        Directory.CreateDirectory(directory);
        SealedJson.Write(Path.Combine(directory, FileName), this);
    }

    /// <summary>Reads the file.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static RowsOnNodes? Find(string directory)
    {
        try
        {
            return SealedJson.Read<RowsOnNodes>(Path.Combine(directory, FileName));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    /// <summary>Removes the file, unless it names other rows by now.</summary>
    /// <param name="directory">The run's folder.</param>
    public void Remove(string directory)
    {
        if (Find(directory) == this)
            File.Delete(Path.Combine(directory, FileName));
    }
}
