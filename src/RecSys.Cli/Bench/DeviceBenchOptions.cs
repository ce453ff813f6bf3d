using RecSys.Torch;

namespace RecSys.Cli.Bench;

/// <summary>What is measured on a device.</summary>
/// <param name="Device">The device.</param>
/// <param name="Rows">Rows of the table.</param>
/// <param name="Dimension">Numbers per row.</param>
/// <param name="Repetitions">Measurements of each kernel.</param>
internal sealed record DeviceBenchOptions(Device Device, int Rows, int Dimension, int Repetitions);
