using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows as a table keeps them, one after the other, and the state of their optimiser.</summary>
/// <param name="Rows">Bytes of the rows.</param>
/// <param name="States">Bytes of their state.</param>
internal sealed record KeptRows(Tensor Rows, Tensor States)
{
    /// <summary>The same on a device.</summary>
    /// <param name="device">The device.</param>
    public KeptRows To(Device device) => new(Rows.to(device), States.to(device));
}
