using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Occurrences by the place of their row; those of a row in the order of the mini-batch, so that sums are always the same.</summary>
internal sealed class SortedOccurrences
{
    private static readonly Operator s_sort = new("aten::sort.stable");
    private static readonly Operator s_search = new("aten::searchsorted.Tensor");
    private static readonly Operator s_sum = new("recsys::rows_sum");

    private readonly Tensor _places;
    private readonly Tensor _order;
    private readonly Tensor _starts;

    /// <summary>Sorts. The tensors that are kept move to the scope around the innermost one.</summary>
    /// <param name="index">Place of each occurrence, int32.</param>
    /// <param name="placeCount">Places.</param>
    public SortedOccurrences(Tensor index, int placeCount)
    {
        (var places, var order) = s_sort.CallPair(index, true);
        var starts = s_search.Call(places, torch.arange(0, placeCount + 1, dtype: torch.int32, device: index.device));
        _places = places.MoveToOuterDisposeScope();
        _order = order.MoveToOuterDisposeScope();
        _starts = starts.MoveToOuterDisposeScope();
    }

    /// <summary>Sums gradients by place.</summary>
    /// <param name="gradient">Gradients.</param>
    /// <param name="from">Per occurrence, where in the gradients its own begins, int32.</param>
    /// <param name="weights">Per occurrence, its weight.</param>
    /// <param name="tables">Of each table: first occurrence, occurrences, first place, places, numbers of a row.</param>
    /// <param name="distance">What divides the beginnings.</param>
    /// <returns>Of each table, [places, width].</returns>
    public Tensor[] Sum(Tensor gradient, Tensor from, Tensor weights, IReadOnlyList<(long First, long Count, long FirstPlace, long PlaceCount, long Width)> tables, int distance)
        => s_sum.CallList(
            gradient, _places, _order, _starts, from, weights,
            tables.SelectMany(t => new[] { t.First, t.Count, t.FirstPlace, t.PlaceCount, t.Width }).ToArray(), (long)tables.Count, (long)distance);
}
