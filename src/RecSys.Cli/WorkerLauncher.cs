using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RecSys.Cli;

/// <summary>Starts a command as several processes of this machine that work together, as <c>torchrun</c> does.</summary>
/// <remarks>
/// They find each other by RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT. The first writes to the streams of this process; errors of the
/// others go to standard error with their number. When one fails, the others are ended.
/// </remarks>
internal static class WorkerLauncher
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_timeToRefuse = TimeSpan.FromSeconds(10);

    /// <summary>Runs the workers.</summary>
    /// <param name="args">The command line of each.</param>
    /// <param name="count">Workers.</param>
    /// <param name="restarts">How often all are started again after one has failed.</param>
    /// <param name="restartArgs">What is added to the command line then.</param>
    /// <param name="error">Receives notes of restarts.</param>
    /// <returns>An exit code of <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> args, int count, int restarts, IReadOnlyList<string> restartArgs, TextWriter error)
    {
        int code = Run(args, count, error);
        for (int restart = 1; restart <= restarts && code is not (ExitCode.Success or ExitCode.BadInput); restart++)
        {
            error.WriteLine($"a worker ended with exit code {code}; restart {restart} of {restarts}");
            code = Run([.. args, .. restartArgs.Except(args)], count, error);
        }

        return code;
    }

    private static int Run(IReadOnlyList<string> args, int count, TextWriter error)
    {
        string port = FreePort().ToString(CultureInfo.InvariantCulture);
        var workers = Enumerable.Range(0, count).Select(rank => Start(args, rank, count, port, error)).ToList();
        try
        {
            while (true)
            {
                if (workers.Find(w => w.HasExited && w.ExitCode != 0) is { } failed)
                {
                    // What one refuses, all do: the first is left to say so as it does alone.
                    if (failed.ExitCode == ExitCode.BadInput)
                        workers[0].WaitForExit(s_timeToRefuse);
                    return failed.ExitCode;
                }

                if (workers.TrueForAll(w => w.HasExited))
                    return ExitCode.Success;
                Thread.Sleep(s_interval);
            }
        }
        finally
        {
            foreach (var worker in workers)
            {
                if (!worker.HasExited)
                    worker.Kill(entireProcessTree: true);
                worker.WaitForExit();
                worker.Dispose();
            }
        }
    }

    private static Process Start(IReadOnlyList<string> args, int rank, int count, string port, TextWriter error)
    {
        var start = OwnProcess.Prepare(args, OwnProcess.ThreadsOf(count));
        start.RedirectStandardOutput = start.RedirectStandardError = rank > 0;
        foreach ((string name, string value) in new[]
        {
            ("RANK", rank.ToString(CultureInfo.InvariantCulture)),
            ("WORLD_SIZE", count.ToString(CultureInfo.InvariantCulture)),
            ("LOCAL_RANK", rank.ToString(CultureInfo.InvariantCulture)),
            ("LOCAL_WORLD_SIZE", count.ToString(CultureInfo.InvariantCulture)),
            ("MASTER_ADDR", "127.0.0.1"),
            ("MASTER_PORT", port),
        })
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("'dotnet' could not be started.");
        if (rank > 0)
        {
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is not null)
                    error.WriteLine($"worker {rank}: {line.Data}");
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
