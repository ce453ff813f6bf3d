using RecSys.Cluster.Snapshots;

namespace RecSys.Serving.Models;

/// <summary>A folder of snapshots of rows, each a folder in it that <c>recsys cluster snapshot</c> writes.</summary>
/// <param name="path">The folder.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class DeltaFolder(string path)
{
    private readonly Lock _lock = new();

    // By path and time of the last change: a snapshot that is complete stays as it is.
    private Dictionary<(string Path, DateTime Changed), SnapshotFolder> _opened = [];

    /// <summary>Reads the folder.</summary>
    /// <returns>The base with the last name, and the deltas of its chain by their numbers; none without a base. And why a snapshot could not be
    /// opened; null when all could.</returns>
    public (IReadOnlyList<SnapshotFolder> Found, InvalidDataException? Damage) Read()
    {
        lock (_lock)
        {
            Dictionary<(string, DateTime), SnapshotFolder> opened = [];
            InvalidDataException? damage = null;
            foreach (string snapshot in Directory.EnumerateDirectories(path))
            {
                try
                {
                    var key = (snapshot, Directory.GetLastWriteTimeUtc(snapshot));
                    if (_opened.TryGetValue(key, out var known))
                        opened[key] = known;
                    else if (Directory.EnumerateFiles(snapshot, "node-*.json").Any())
                        opened[key] = SnapshotFolder.Open(snapshot); // manifests come last: without one it is being written
                }
                catch (InvalidDataException e)
                {
                    damage = e;
                }
            }

            _opened = opened;
            var whole = opened.Values.Where(s => s.Link.Number == 0).MaxBy(s => s.Path, StringComparer.Ordinal);
            return (whole is null ? [] : [whole, .. opened.Values.Where(s => s.Link.Chain == whole.Link.Chain && s.Link.Number > 0).OrderBy(s => s.Link.Number)], damage);
        }
    }
}
