using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows of a table that a step of the optimiser updates.</summary>
/// <param name="Table">The table.</param>
/// <param name="Rows">Distinct row numbers, [n] of int64 where the rows are.</param>
/// <param name="Numbers">The numbers by which the rows are rounded at random: the same, but where the table is a cache of another.</param>
/// <param name="Gradients">Their summed gradients, [n, width]; what they are afterwards is of no use.</param>
internal readonly record struct TableUpdate(DeviceTable Table, Tensor Rows, Tensor Numbers, Tensor Gradients);
