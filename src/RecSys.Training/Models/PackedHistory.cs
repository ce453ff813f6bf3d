using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// The behaviours of a mini-batch by time: the oldest of every sample, then the second of every sample that has one, and so on, samples with long
/// histories first. A recurrent layer takes each step for the samples that have it, and none for padding.
/// </summary>
internal sealed class PackedHistory
{
    private readonly int _sampleCount;
    private readonly Tensor _samplesWithHistory;
    private readonly Tensor _lastPlaces;

    /// <summary>Packs the behaviours of a history.</summary>
    /// <param name="index">The behaviours.</param>
    public PackedHistory(HistoryIndex index)
    {
        int[] samples = [.. Enumerable.Range(0, index.SampleCount).Where(s => index.LengthOf(s) > 0).OrderByDescending(s => index.LengthOf(s))];
        List<long> order = [];
        Counts = new long[samples.Length == 0 ? 0 : index.LengthOf(samples[0])];
        int active = samples.Length;
        for (int step = 0; step < Counts.Length; step++)
        {
            while (index.LengthOf(samples[active - 1]) <= step)
                active--;
            for (int i = 0; i < active; i++)
                order.Add(index.FirstOf(samples[i]) + step);
            Counts[step] = active;
        }

        long[] inverse = InverseOf(order);
        Order = index.Of([.. order]);
        Inverse = index.Of(inverse);
        _sampleCount = index.SampleCount;
        _samplesWithHistory = index.Of([.. samples.Select(s => (long)s)]);
        _lastPlaces = index.Of([.. samples.Select(s => inverse[index.FirstOf(s) + index.LengthOf(s) - 1])]);
    }

    /// <summary>Samples that take each step; never more than before.</summary>
    public long[] Counts { get; }

    /// <summary>The behaviour at each packed place, int64 [behaviours].</summary>
    public Tensor Order { get; }

    /// <summary>The packed place of each behaviour, int64 [behaviours].</summary>
    public Tensor Inverse { get; }

    /// <summary>The row of the last behaviour of each sample; zeros where there is none.</summary>
    /// <param name="rows">Packed, [behaviours, width].</param>
    /// <returns>[batch, width].</returns>
    public Tensor Last(Tensor rows)
        => torch.zeros([_sampleCount, rows.shape[1]], rows.dtype, rows.device).index_add_(0, _samplesWithHistory, rows.index_select(0, _lastPlaces));

    private static long[] InverseOf(IReadOnlyList<long> order)
    {
        long[] inverse = new long[order.Count];
        for (int i = 0; i < inverse.Length; i++)
            inverse[order[i]] = i;
        return inverse;
    }
}
