namespace RecSys.Cli.Bench;

/// <summary>A method with an optimiser on both devices: a <c>parity</c> line of <c>bench device --json</c>.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Optimizer">Name of the sparse optimiser.</param>
/// <param name="LossDifference">Largest difference of the losses of 100 steps.</param>
/// <param name="RowDifference">Largest difference of a number of a row after one step, relative above 1.</param>
/// <param name="IsSame">Whether both are as small as they have to be.</param>
internal sealed record DeviceParityResult(string Method, string Optimizer, double LossDifference, double RowDifference, bool IsSame);
