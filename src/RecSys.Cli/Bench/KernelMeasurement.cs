namespace RecSys.Cli.Bench;

/// <summary>One kernel beside its bound, both on the same rows. Medians of the repetitions.</summary>
/// <param name="Kernel">What was measured.</param>
/// <param name="Rows">How the rows were drawn: <c>uniform</c> or <c>zipf</c>.</param>
/// <param name="VectorBits">Width of the registers; 0 for one number at a time.</param>
/// <param name="Unit">What is counted: <c>rows</c> or <c>ids</c>.</param>
/// <param name="MillionPerSecond">Speed of the kernel.</param>
/// <param name="GigabytesPerSecond">The same in bytes of table that it has to touch.</param>
/// <param name="Bound">The bound that applies.</param>
/// <param name="BoundMillionPerSecond">Speed of the bound.</param>
/// <param name="Ratio">Median over the repetitions of kernel ÷ bound.</param>
internal sealed record KernelMeasurement(
    string Kernel,
    string Rows,
    int VectorBits,
    string Unit,
    double MillionPerSecond,
    double GigabytesPerSecond,
    string Bound,
    double BoundMillionPerSecond,
    double Ratio)
{
    /// <summary>Name of the event that carries a measurement.</summary>
    public const string Event = "kernel";
}
