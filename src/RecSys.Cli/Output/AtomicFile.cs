using System.Text;

namespace RecSys.Cli.Output;

/// <summary>Writes files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes under a temporary name, flushes to the disk, and renames; what was there is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its content.</param>
    public static void Write(string path, string text)
    {
        string temporary = path + ".tmp";
        using (FileStream stream = File.Create(temporary))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
