using System.Diagnostics;

namespace RecSys.Cli.Tests.Bench;

/// <summary>A test that needs Python with PyTorch; skipped where it is missing.</summary>
internal sealed class TwinTheoryAttribute : TheoryAttribute
{
    private static readonly Lazy<bool> s_hasTorch = new(HasTorch);

    public TwinTheoryAttribute()
    {
        if (!s_hasTorch.Value)
            Skip = "There is no Python with PyTorch (Debian: python3-torch, or RECSYS_PYTHON).";
    }

    private static bool HasTorch()
    {
        string python = Environment.GetEnvironmentVariable("RECSYS_PYTHON") ?? "/usr/bin/python3";
        if (!File.Exists(python))
            return false;
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true });
        process!.WaitForExit();
        return process.ExitCode == 0;
    }
}
