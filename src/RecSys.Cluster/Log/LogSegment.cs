using System.Globalization;

namespace RecSys.Cluster.Log;

/// <summary>A segment file of a log.</summary>
/// <param name="Path">The file.</param>
/// <param name="FirstLsn">Sequence number of its first record, from its name.</param>
/// <param name="ByteCount">Its size.</param>
internal readonly record struct LogSegment(string Path, long FirstLsn, long ByteCount)
{
    private const string Extension = ".log";
    private const int DigitCount = 20;

    /// <summary>File of the segment that begins with a record.</summary>
    /// <param name="directory">Directory of the log.</param>
    /// <param name="firstLsn">Sequence number of the record.</param>
    public static string PathOf(string directory, long firstLsn) =>
        System.IO.Path.Combine(directory, firstLsn.ToString("D" + DigitCount, CultureInfo.InvariantCulture) + Extension);

    /// <summary>The segment files in a directory, in order of their names.</summary>
    /// <param name="directory">Directory of the log.</param>
    public static List<LogSegment> Find(string directory)
    {
        List<LogSegment> segments = [];
        foreach (string path in Directory.EnumerateFiles(directory))
        {
            ReadOnlySpan<char> name = System.IO.Path.GetFileName(path.AsSpan());
            if (name.Length == DigitCount + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
                && long.TryParse(name[..DigitCount], NumberStyles.None, CultureInfo.InvariantCulture, out long firstLsn))
                segments.Add(new LogSegment(path, firstLsn, new FileInfo(path).Length));
        }

        segments.Sort((a, b) => a.FirstLsn.CompareTo(b.FirstLsn));
        return segments;
    }
}
