namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys serve</c> as a process.</summary>
internal sealed class ServeProcess(string run, params string[] args) : ServerProcess(["serve", run, .. args, "--urls"]);
