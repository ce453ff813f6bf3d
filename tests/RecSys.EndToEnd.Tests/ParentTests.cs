using System.Diagnostics;

namespace RecSys.EndToEnd.Tests;

/// <summary>Processes that <c>tune</c>, <c>study</c> and <c>train --workers</c> start: their standard input is open as long as those are there.</summary>
public sealed class ParentTests : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(2);

    private readonly Workspace _work = new();

    public ParentTests() => _work.Prepare();

    public void Dispose() => _work.Dispose();

    // It would go on for hours, and spoil the folder for who goes on from it.
    [Fact]
    public void Train_ParentGone_EndsAtOnce()
    {
        string run = _work.PathOf("run");
        using Process process = CommandProcess.StartRecSys(
            start =>
            {
                start.RedirectStandardInput = true;
                start.Environment["RECSYS_ENDS_WITH_INPUT"] = "1";
            },
            "train", _work.PathOf("run.yaml"), "--set", "train.epochs=1000000", "--set", "train.early_stopping.patience=1000000", "--out", run);
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(run, "current.json")) || process.HasExited, s_timeLimit));

        process.StandardInput.Close();

        Assert.True(process.WaitForExit(s_timeLimit), "it is still there");
        Assert.Equal(InterruptedRun.ExitCodeOfKilled, process.ExitCode);
    }
}
