using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows that are spread over vectors.</summary>
/// <param name="View">The rows.</param>
/// <param name="Rows">Row of each place of the index; null where places are rows.</param>
/// <param name="FirstPlace">Number that the index has for the first place.</param>
/// <param name="First">First occurrence in the index.</param>
/// <param name="Offsets">Where the occurrences of each vector begin, int32; empty where each has one.</param>
/// <param name="Count">Vectors.</param>
/// <param name="Target">First number of the first vector.</param>
/// <param name="Stride">Distance of two vectors.</param>
/// <param name="Dimension">Numbers of a vector; those behind the row are zero.</param>
/// <param name="IsMean">Mean instead of sum of several rows.</param>
/// <param name="Adds">Adds rows to what is there; where each vector has one.</param>
internal sealed record RowExpansion(
    DeviceTable.View View, Tensor? Rows, long FirstPlace, long First, Tensor Offsets, long Count, long Target, long Stride, long Dimension, bool IsMean = false, bool Adds = false)
{
    private static readonly Operator s_expand = new("recsys::rows_expand_");

    /// <summary>Spreads rows; in any order.</summary>
    /// <param name="vectors">Receives them.</param>
    /// <param name="index">Places by occurrence, int32.</param>
    /// <param name="pieces">Which rows, and where to.</param>
    public static void Run(Tensor vectors, Tensor index, IReadOnlyList<RowExpansion> pieces)
    {
        if (pieces.Count == 0)
            return;
        var none = torch.empty([0], torch.int64, vectors.device);
        s_expand.Run(
            vectors,
            pieces.Select(p => p.View.Rows).ToArray(),
            pieces.Select(p => p.View.Mask).ToArray(),
            pieces.Select(p => p.View.MaskCounts).ToArray(),
            pieces.SelectMany(p => p.View.Shape).ToArray(),
            pieces.Select(p => p.View.Step).ToArray(),
            pieces.Select(p => p.Rows ?? none).ToArray(),
            index,
            pieces.Select(p => p.Offsets).ToArray(),
            pieces.SelectMany(p => new[] { p.FirstPlace, p.First, p.Count, p.Target, p.Stride, p.Dimension, p.IsMean ? 1 : 0, p.Adds ? 1 : 0 }).ToArray());
    }
}
