namespace RecSys.Cli.Bench;

/// <summary>How fast rows on a device are read or updated: a <c>kernel</c> line of <c>bench device --json</c>.</summary>
/// <param name="Kernel"><c>gather</c>, or <c>update</c> with the name of the optimiser.</param>
/// <param name="Precision">Precision of the rows.</param>
/// <param name="Rows">How they were drawn: <c>uniform</c> or <c>zipf</c>.</param>
/// <param name="MillionPerSecond">Million rows a second, median of the repetitions.</param>
/// <param name="GigabytesPerSecond">Bytes that have to be moved for it: rows, state, gradients and row numbers, read or written once each.</param>
/// <param name="Ratio">That over the bytes a second of a copy, read and written, in the same run.</param>
internal sealed record DeviceMeasurement(string Kernel, string Precision, string Rows, double MillionPerSecond, double GigabytesPerSecond, double Ratio);
