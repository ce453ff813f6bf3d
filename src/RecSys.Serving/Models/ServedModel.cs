using System.Globalization;
using RecSys.Cluster.Snapshots;
using RecSys.Training;
using RecSys.Training.Checkpoints;

namespace RecSys.Serving.Models;

/// <summary>A model by name: its current version, and those before it, to which one can go back.</summary>
/// <remarks>Thread-safe. Loading is done by one caller at a time; requests do not wait for it.</remarks>
internal sealed class ServedModel : IDisposable
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    private readonly ServingOptions _options;
    private readonly DeltaFolder? _deltas;
    private readonly SemaphoreSlim _loading = new(1);
    private readonly Lock _lock = new();

    // The newest last; the current one is among them.
    private readonly List<ServedVersion> _versions = [];
    private volatile ServedVersion? _current;

    // What could not be loaded: how long it is left alone, and since when. What comes meanwhile is not kept waiting.
    private (long Step, int Snapshots, ChainLink? Last, string? Damage)? _refused;
    private TimeSpan _wait;
    private long _failedAt;

    /// <summary>Names a model; nothing is opened yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="directory">The run's folder.</param>
    /// <param name="options">Settings.</param>
    public ServedModel(string name, string directory, ServingOptions options)
    {
        Name = name;
        Directory = directory;
        _options = options;
        _deltas = options.Deltas.TryGetValue(name, out string? deltas) ? new DeltaFolder(deltas) : null;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The run's folder.</summary>
    public string Directory { get; }

    /// <summary>True when a version was asked for by name: a new checkpoint does not replace it.</summary>
    public bool IsPinned { get; private set; }

    /// <summary>The version that answers; null before the first and after unloading.</summary>
    public ServedVersion? Current => _current;

    /// <summary>Versions in memory, the oldest first.</summary>
    public IReadOnlyList<ServedVersion> Versions
    {
        get
        {
            lock (_lock)
                return [.. _versions];
        }
    }

    /// <summary>Holds a version.</summary>
    /// <param name="version">Which; null takes the current one.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">The model or the version is not loaded.</exception>
    public VersionLease Hold(string? version)
    {
        while (true)
        {
            var found = version is null ? _current : Versions.FirstOrDefault(v => v.Version == version);
            if (found is null && version is null)
                throw Refusal.Unavailable($"Model '{Name}' is not loaded.");
            if (found is null)
                throw Refusal.NotFound($"Model '{Name}' has no version '{version}' in memory; it has {string.Join(", ", Versions.Select(v => v.Version))}.");
            if (found.TryHold())
                return new VersionLease(found);
        }
    }

    /// <summary>Makes a version current; opens it when it is not in memory.</summary>
    /// <param name="version">A version in memory, or the step of a checkpoint; null takes the best of the run with all snapshots of its rows, and
    /// follows both from then on.</param>
    /// <returns>The version.</returns>
    /// <exception cref="CheckpointException">There is no such checkpoint, or it or a snapshot is damaged; what was current stays so.</exception>
    /// <exception cref="FormatException">The version is neither in memory nor a step.</exception>
    public async Task<ServedVersion> LoadAsync(string? version)
    {
        await _loading.WaitAsync().ConfigureAwait(false);
        try
        {
            var kept = version is null ? null : Versions.FirstOrDefault(v => v.Version == version);
            var loaded = kept ?? await Task.Run(() => version is null ? OpenNewest() : Open(StepOf(version), [])).ConfigureAwait(false);
            Switch(loaded);
            IsPinned = version is not null;
            return loaded;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Reads all of a version that was served before its checksums were compared; a damaged one serves no more.</summary>
    /// <exception cref="CheckpointException">A file of the checkpoint is damaged.</exception>
    /// <exception cref="Data.DataException">The vocabularies are missing or damaged.</exception>
    public async Task VerifyAsync()
    {
        if (_current is not { IsVerified: false } version || !version.TryHold())
            return;
        using var lease = new VersionLease(version);
        try
        {
            await Task.Run(version.Verify).ConfigureAwait(false);
        }
        catch
        {
            Drop(version);
            throw;
        }
    }

    /// <summary>Loads the best checkpoint of the run, with all snapshots of its rows, when that is another version than the current one.</summary>
    /// <returns>The new version; null when there is none.</returns>
    /// <inheritdoc cref="LoadAsync"/>
    public async Task<ServedVersion?> FollowAsync()
    {
        bool isEarly = _options.Time.GetElapsedTime(_failedAt) < _wait;
        if (_current is not { } current || (isEarly && _refused is null))
            return null;
        (long, int, ChainLink?, string?)? wanted = null;
        try
        {
            current.Run.LiveRows?.Follow();
            if (IsPinned || new CheckpointStore(Directory).ReadCurrent() is not { } newest)
                return null;
            var (snapshots, damage) = Snapshots();
            wanted = (newest.ToServe, snapshots.Count, LastOf(snapshots), damage?.Message);
            if (isEarly && wanted == _refused)
                return null;
            var loaded = Is(current, newest.ToServe, snapshots) ? null : await LoadAsync(version: null).ConfigureAwait(false);
            if (loaded is null && damage is not null)
                throw damage;
            _wait = TimeSpan.Zero;
            return loaded;
        }
        catch
        {
            // To check a checkpoint is to read all of it.
            _wait = TimeSpan.FromTicks(Math.Max(wanted == _refused ? Math.Min(2 * _wait.Ticks, s_longestWait.Ticks) : 0, _options.FollowInterval.Ticks));
            _refused = wanted;
            _failedAt = _options.Time.GetTimestamp();
            throw;
        }
    }

    /// <summary>Lets go of all versions; requests that work on one finish.</summary>
    public async Task UnloadAsync()
    {
        await _loading.WaitAsync().ConfigureAwait(false);
        try
        {
            Close();
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Lets go of all versions, when nothing is loaded any more.</summary>
    public void Dispose()
    {
        Close();
        _loading.Dispose();
    }

    private void Close()
    {
        lock (_lock)
        {
            _current = null;
            foreach (var version in _versions)
                version.Release();
            _versions.Clear();
        }
    }

    private void Drop(ServedVersion version)
    {
        lock (_lock)
        {
            if (!_versions.Remove(version))
                return;
            if (_current == version)
                _current = null;
            version.Release();
        }
    }

    private static long StepOf(string version)
        => long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : throw new FormatException($"'{version}' is no step.");

    private (IReadOnlyList<SnapshotFolder> Found, InvalidDataException? Damage) Snapshots() => _deltas?.Read() ?? ([], null);

    private static bool Is(ServedVersion version, long step, IReadOnlyList<SnapshotFolder> snapshots)
        => version.Run.Manifest.State.Step == step && version.Run.Snapshot?.Link == LastOf(snapshots);

    private static ChainLink? LastOf(IReadOnlyList<SnapshotFolder> snapshots) => snapshots.Count > 0 ? snapshots[^1].Link : null;

    // A snapshot that is refused does not keep back those before it, nor a new checkpoint.
    private ServedVersion OpenNewest()
    {
        var (snapshots, _) = Snapshots();
        long step = new CheckpointStore(Directory).ReadCurrent()?.ToServe ?? 0;
        try
        {
            return Open(step: null, snapshots);
        }
        catch (SnapshotRefusedException e)
        {
            IReadOnlyList<SnapshotFolder> good = [.. snapshots.Take(e.GoodCount)];
            if (_current is { } current && Is(current, step, good))
                throw;
            return Open(step: null, good);
        }
    }

    private ServedVersion Open(long? step, IReadOnlyList<SnapshotFolder> snapshots)
    {
        // Held, since what it has is read.
        var former = _current is { } current && current.TryHold() ? current : null;
        try
        {
            var run = ServableRun.Open(Directory, step, _options.Scoring, _options.LiveRows, former?.Run, snapshots);
            var version = new ServedVersion(Name, run, _options.ScoringBatchSize, _options.Time.GetUtcNow());
            try
            {
                // A version that replaces another has to be whole; the first is not kept waiting for it.
                if (former is not null && !version.InheritVerification(former))
                    version.Verify();
                Warmup.Run(version);
                return version;
            }
            catch
            {
                version.Release();
                throw;
            }
        }
        finally
        {
            former?.Release();
        }
    }

    private void Switch(ServedVersion version)
    {
        lock (_lock)
        {
            if (_versions.FirstOrDefault(v => v.Version == version.Version) is { } same && same != version)
            {
                // The current checkpoint again, loaded anew.
                _versions.Remove(same);
                same.Release();
            }

            _versions.Remove(version);
            _versions.Add(version);
            _current = version;
            while (_versions.Count > _options.KeptVersions)
            {
                _versions[0].Release();
                _versions.RemoveAt(0);
            }
        }
    }
}
