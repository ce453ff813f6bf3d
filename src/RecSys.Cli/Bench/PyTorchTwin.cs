using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RecSys.Cli.Bench;

/// <summary>Runs the PyTorch twin on a job folder, as a process of its own.</summary>
internal static class PyTorchTwin
{
    private const string PythonVariable = "RECSYS_PYTHON";
    private const string LibraryPathVariable = "LD_LIBRARY_PATH";

    private static readonly string[] s_settings = ["OMP_", "GOMP_", "OPENBLAS_", "MALLOC_"];

    /// <summary>One batch forward and backward; the gradients are left in the folder.</summary>
    /// <param name="folder">Job folder.</param>
    public static void WriteGradients(string folder) => Run(["gradients", folder], TwinSettings.Tuned);

    /// <summary>Trains on all samples of the job and scores the test split.</summary>
    /// <param name="folder">Job folder.</param>
    /// <returns>Speed and quality.</returns>
    public static TrainBenchResult Train(string folder) => Train(folder, "job", TwinSettings.Tuned, 0)!;

    /// <inheritdoc cref="Train(string)"/>
    /// <param name="folder">Job folder.</param>
    /// <param name="optimizer"><c>job</c> for the optimiser of the job, <c>sparse_adam</c> or <c>dense_adam</c>.</param>
    /// <param name="settings">Settings of the native libraries.</param>
    /// <param name="timeLimitSeconds">Most seconds of training steps; 0: no limit.</param>
    /// <returns>Null when the limit was reached.</returns>
    public static TrainBenchResult? Train(string folder, string optimizer, TwinSettings settings, double timeLimitSeconds)
    {
        string[] compile = settings == TwinSettings.Compiled ? ["--compile"] : [];
        var result = Run(["train", folder, "--optimizer", optimizer, "--time-limit", timeLimitSeconds.ToString(CultureInfo.InvariantCulture), .. compile], settings);
        return result.GetProperty("complete").GetBoolean()
            ? new TrainBenchResult(Number("samples_per_second"), Number("train_loss"), Number("auc"), Number("logloss")) { Seconds = Number("seconds") }
            : null;

        double Number(string name) => result.GetProperty(name).GetDouble();
    }

    private static JsonElement Run(string[] arguments, TwinSettings settings)
    {
        string python = Environment.GetEnvironmentVariable(PythonVariable) ?? "/usr/bin/python3";
        var start = new ProcessStartInfo(python, [FindScript(), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (settings != TwinSettings.Tuned)
            RemoveSettings(start.Environment);
        using var process = Process.Start(start)
            ?? throw new InvalidOperationException($"'{python}' could not be started; set {PythonVariable} to a Python with PyTorch.");
        var errors = process.StandardError.ReadToEndAsync();
        string last = "";
        while (process.StandardOutput.ReadLine() is { } line)
            last = line;
        process.WaitForExit();
        if (process.ExitCode != 0 || last.Length == 0)
            throw new InvalidOperationException($"The PyTorch twin failed (install Debian's python3-torch, or set {PythonVariable}): {errors.Result.Trim()}");
        return JsonDocument.Parse(last).RootElement;
    }

    // What the launcher sets. A library path of the user's own may be what PyTorch needs to start, so only the launcher's goes.
    private static void RemoveSettings(IDictionary<string, string?> environment)
    {
        foreach (string name in environment.Keys.Where(name => s_settings.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList())
            environment.Remove(name);
        if (environment.TryGetValue(LibraryPathVariable, out string? path) && path is not null && path.EndsWith("/openblas-openmp", StringComparison.Ordinal))
            environment.Remove(LibraryPathVariable);
    }

    private static string FindScript()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "experiments", "pytorch", "twin.py");
            if (File.Exists(script))
                return script;
        }

        throw new InvalidOperationException("experiments/pytorch/twin.py was not found above the program; run from a checkout of the repository.");
    }
}
