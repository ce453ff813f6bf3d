namespace RecSys.Cli;

/// <summary>A line of a study's results, event <c>unreachable</c>: a method that cannot be as small as was asked, and has a run at its smallest size instead.</summary>
/// <param name="Dataset">Data set.</param>
/// <param name="Model">Model.</param>
/// <param name="Method">The method as it is called in tables, with a note where it is applied after training.</param>
/// <param name="Budget">The budget that was asked for, as in <see cref="RunReport.Budget"/>.</param>
/// <param name="SmallestBytes">The smallest size, and the budget of the run that there is instead, in bytes.</param>
internal sealed record UnreachableBudget(string Dataset, string Model, string Method, string Budget, long SmallestBytes);
