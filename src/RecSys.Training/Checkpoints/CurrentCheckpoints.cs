namespace RecSys.Training.Checkpoints;

/// <summary>The content of <c>current.json</c>.</summary>
/// <param name="Latest">Step of the newest checkpoint: where a resumed run continues.</param>
/// <param name="Best">Step of the checkpoint with the best validation metric: what is evaluated and served; −1 before the first evaluation.</param>
public sealed record CurrentCheckpoints(long Latest, long Best)
{
    /// <summary>The checkpoint to use for anything but training: the best one, or the newest when none was evaluated.</summary>
    public long ToServe => Best >= 0 ? Best : Latest;
}
