using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Orleans.Runtime;
using RecSys.Cluster;

namespace RecSys.Orleans.Grains;

/// <summary>The groups that are open on a silo, each with its buckets.</summary>
/// <remarks>
/// Thread-safe. A group is open once: its folder is locked, because while a silo is taken for dead and is not, or closes a group slowly,
/// Orleans may start the group elsewhere.
/// </remarks>
internal sealed class OpenGroups(ShardGroupOptions options) : IDisposable
{
    private const string LockFile = "lock";
    private readonly ConcurrentDictionary<ShardNode, (int Group, IGrainContext Grain, SafeFileHandle? Lock)> _open = [];
    private volatile bool _isDisposed;

    /// <summary>The groups and their grains.</summary>
    public IReadOnlyList<(int Group, IGrainContext Grain)> All => [.. _open.Values.Select(o => (o.Group, o.Grain)).OrderBy(o => o.Group)];

    /// <summary>Opens a group.</summary>
    /// <param name="group">Number of the group.</param>
    /// <param name="grain">Its grain.</param>
    /// <exception cref="ShardException">It is open elsewhere, or one of its files is missing or damaged; the message names it.</exception>
    public ShardNode Open(int group, IGrainContext grain)
    {
        string name = FormattableString.Invariant($"group-{group}");
        string? folder = options.Storage is null ? null : Path.Combine(options.Storage.Folder, name);
        var handle = Lock(folder);
        ShardNode node;
        try
        {
            node = new ShardNode(name, folder is null ? null : options.Storage! with { Folder = folder });
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            handle?.Dispose();
            throw new ShardException(ShardErrorKind.Unavailable, $"Group {group} cannot be opened: {e.Message}", e);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }

        _open[node] = (group, grain, handle);
        if (_isDisposed)
            Free(node);
        return node;
    }

    /// <summary>Writes what would be lost, and closes a group.</summary>
    /// <param name="opening">What <see cref="Open"/> has returned, or will.</param>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public async Task CloseAsync(Task<ShardNode> opening)
    {
        ShardNode node;
        try
        {
            node = await opening.ConfigureAwait(false);
        }
        catch (ShardException)
        {
            // It was not opened.
            return;
        }

        try
        {
            node.Close();
        }
        finally
        {
            Free(node);
        }
    }

    /// <summary>Frees what is still open, as in a crash.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (var node in _open.Keys)
            Free(node);
    }

    private void Free(ShardNode node)
    {
        if (!_open.TryRemove(node, out var open))
            return;
        node.Dispose();
        open.Lock?.Dispose();
    }

    private static SafeFileHandle? Lock(string? folder)
    {
        if (folder is null)
            return null;
        try
        {
            Directory.CreateDirectory(folder);
            return File.OpenHandle(Path.Combine(folder, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ShardException(ShardErrorKind.Unavailable, $"The folder '{folder}' is in use by another silo, or cannot be written: {e.Message}", e);
        }
    }
}
