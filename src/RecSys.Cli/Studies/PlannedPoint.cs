namespace RecSys.Cli.Studies;

/// <summary>A point with its size, known before anything is trained.</summary>
/// <param name="Point">The point; of a budget that the method cannot reach, that at its smallest size.</param>
/// <param name="Method">The method as tables call it.</param>
/// <param name="Bytes">Bytes to serve.</param>
/// <param name="TrainingBytes">Bytes of the embeddings while training.</param>
/// <param name="Hash">Tells its runs apart from those of another configuration, or on other data.</param>
/// <param name="Unreachable">Budgets that this point stands in for.</param>
internal sealed record PlannedPoint(StudyPoint Point, string Method, long Bytes, long TrainingBytes, string Hash, IReadOnlyList<UnreachableBudget> Unreachable);
