namespace RecSys.EndToEnd.Tests;

/// <summary>How a process ended and what it wrote.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);
