using RecSys.Training;

namespace RecSys.Serving.Models;

/// <summary>A version of a model in memory. It closes when the repository and the last request have let go of it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ServedVersion
{
    // The repository's own hold is the first.
    private int _holds = 1;

    /// <summary>Takes a run over.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="run">The run, which then belongs to the version.</param>
    /// <param name="batchSize">Most samples that are scored at once.</param>
    /// <param name="loadedAt">The time.</param>
    public ServedVersion(string model, ServableRun run, int batchSize, DateTimeOffset loadedAt)
    {
        Model = model;
        Run = run;
        LoadedAt = loadedAt;
        Version = VersionOf(run.Manifest.State.Step) + (run.Snapshot is { } snapshot ? $"+{VersionOf(snapshot.Link.Number)}" : "");
        Tasks = run.Network is null ? [] : [.. run.Network.Tasks.Select(task => task.Name)];
        Scoring = run.Network is null ? null : new ScoringQueue(run, batchSize);
    }

    /// <summary>Name of the model.</summary>
    public string Model { get; }

    /// <summary>The training step of the checkpoint, and behind a plus the number of the snapshot whose rows lie over its rows.</summary>
    public string Version { get; }

    /// <summary>The checkpoint.</summary>
    public ServableRun Run { get; }

    /// <summary>Where samples are scored; null when it was opened for look-ups alone.</summary>
    public ScoringQueue? Scoring { get; }

    /// <summary>Names of the tasks that are scored beside the label.</summary>
    public IReadOnlyList<string> Tasks { get; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset LoadedAt { get; }

    /// <summary>Whether its checksums have been compared.</summary>
    public bool IsVerified { get; private set; }

    /// <summary>Takes over that checksums have been compared, from another version of the same checkpoint.</summary>
    /// <param name="former">The other version.</param>
    /// <returns>False when they have to be.</returns>
    public bool InheritVerification(ServedVersion former) => IsVerified = former.IsVerified && former.Run.Folder == Run.Folder;

    /// <summary>Reads all of its files and compares their checksums.</summary>
    /// <exception cref="Training.Checkpoints.CheckpointException">A file of the checkpoint is damaged.</exception>
    /// <exception cref="Data.DataException">The vocabularies are missing or damaged.</exception>
    public void Verify()
    {
        Run.Verify();
        IsVerified = true;
    }

    /// <summary>The version of a training step.</summary>
    /// <param name="step">The step.</param>
    public static string VersionOf(long step) => step.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Holds the version for a request.</summary>
    /// <returns>False when it is closed; then there is a newer one.</returns>
    public bool TryHold()
    {
        for (int holds = Volatile.Read(ref _holds); holds > 0;)
        {
            int seen = Interlocked.CompareExchange(ref _holds, holds + 1, holds);
            if (seen == holds)
                return true;
            holds = seen;
        }

        return false;
    }

    /// <summary>Lets go of the version; the last one closes it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holds) > 0)
            return;
        Scoring?.Dispose();
        Run.Dispose();
    }
}
