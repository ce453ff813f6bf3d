namespace RecSys.EndToEnd.Tests;

/// <summary>A workspace with a prepared data set and a run trained on it, made once for tests that only read it.</summary>
public sealed class TrainedWorkspace : IDisposable
{
    public TrainedWorkspace()
    {
        Work.Prepare();
        Workspace.RunToResult("train", Work.PathOf("run.yaml"), "--out", Run);
    }

    public string Run => Work.PathOf("run");

    internal Workspace Work { get; } = new();

    public void Dispose() => Work.Dispose();
}
