namespace RecSys.EndToEnd.Tests;

/// <summary>A training that was ended with SIGKILL after a checkpoint and before its end.</summary>
public sealed class InterruptedRun : IDisposable
{
    private const int SigKill = 9;

    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(2);

    public InterruptedRun()
    {
        Work.Replace("run.yaml", "batch_size: 100", "batch_size: 20\n  epochs: 3\n  checkpoint_every_steps: 50");
        Work.Prepare();
        ExitCode = CommandProcess.KillRecSys(() => File.Exists(Path.Combine(Run, "current.json")), s_timeLimit, Train(Run)).ExitCode;
    }

    public string Run => Work.PathOf("interrupted");

    /// <summary>How the process ended; 128 + the signal.</summary>
    public int ExitCode { get; }

    public static int ExitCodeOfKilled => 128 + SigKill;

    internal Workspace Work { get; } = new(rowCount: 20_000);

    public void Dispose() => Work.Dispose();

    internal string[] Train(string run) => ["train", Work.PathOf("run.yaml"), "--out", run];
}
