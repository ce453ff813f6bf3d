using RecSys.Serving.Client;

namespace RecSys.Cli.Bench;

/// <summary><c>recsys serve</c> as a process.</summary>
/// <param name="run">Folder of the run.</param>
/// <param name="args">Further arguments.</param>
internal sealed class ServeProcess(string run, params string[] args) : ServerProcess(["serve", run, "--urls", AnyPort, .. args])
{
    /// <summary>A client of its own.</summary>
    public RecSysClient Connect() => new(new RecSysClientOptions { Address = Url });
}
