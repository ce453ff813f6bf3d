using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary>Training that is killed, and checkpoints that are damaged.</summary>
public sealed class ResumeTests(InterruptedRun interrupted) : IClassFixture<InterruptedRun>
{
    private readonly Workspace _work = interrupted.Work;

    [Fact]
    public void Resume_AfterSigKill_EndsAsIfNeverInterrupted()
    {
        Assert.Equal(InterruptedRun.ExitCodeOfKilled, interrupted.ExitCode);
        _work.CopyFolder(_work, "interrupted", "resumed");

        JsonElement whole = Workspace.RunToResult(interrupted.Train(_work.PathOf("whole")));
        JsonElement resumed = Workspace.RunToResult([.. interrupted.Train(_work.PathOf("resumed")), "--resume"]);

        Assert.InRange(LatestStep("interrupted"), 1, LatestStep("whole") - 1);
        foreach (string metric in (string[])["auc", "gauc", "logloss", "validation_auc", "validation_logloss", "steps", "best_step"])
            Assert.Equal(whole.GetProperty(metric).GetRawText(), resumed.GetProperty(metric).GetRawText());
        foreach (string file in CheckpointFiles("whole"))
            Assert.True(File.ReadAllBytes(file).SequenceEqual(File.ReadAllBytes(Path.Combine(CheckpointFolder("resumed"), Path.GetFileName(file)))), file);
    }

    [Fact]
    public void Resume_FlippedByteInAnyFile_NamesTheFile()
    {
        _work.CopyFolder(_work, "interrupted", "damaged");
        string[] files = [.. CheckpointFiles("damaged"), _work.PathOf("damaged/current.json")];
        Assert.Equal(7, files.Length);

        foreach (string file in files)
        {
            byte[] bytes = File.ReadAllBytes(file);
            byte[] flipped = [.. bytes];
            flipped[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(file, flipped);
            _work.AssertBadInput([.. interrupted.Train(_work.PathOf("damaged")), "--resume", "--json"], $"error: {file}: ");
            File.WriteAllBytes(file, bytes);
        }
    }

    private long LatestStep(string run)
        => JsonDocument.Parse(File.ReadAllText(_work.PathOf($"{run}/current.json"))).RootElement.GetProperty("content").GetProperty("latest").GetInt64();

    private string CheckpointFolder(string run) => _work.PathOf($"{run}/checkpoints/{LatestStep(run):D9}");

    private string[] CheckpointFiles(string run) => Directory.GetFiles(CheckpointFolder(run));
}
