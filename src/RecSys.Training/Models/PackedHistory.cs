using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// The behaviours of a mini-batch by time: the oldest of every sample, then the second of every sample that has one, and so on, samples with long
/// histories first. A recurrent layer takes each step for the samples that have it, and none for padding.
/// </summary>
internal sealed class PackedHistory
{
    private readonly Tensor _sampleInverse;

    /// <summary>Packs the behaviours of a history.</summary>
    /// <param name="index">The behaviours.</param>
    public PackedHistory(HistoryIndex index)
    {
        long[] samples = [.. Enumerable.Range(0, index.SampleCount).OrderByDescending(s => index.LengthOf(s)).Select(s => (long)s)];
        int longest = samples.Length == 0 ? 0 : index.LengthOf(samples[0]);
        List<long> order = [];
        List<int> counts = [];
        for (int step = 0; step < longest; step++)
        {
            int active = 0;
            for (; active < samples.Length && index.LengthOf(samples[active]) > step; active++)
                order.Add(index.FirstOf(samples[active]) + step);
            counts.Add(active);
        }

        Counts = counts;
        Order = index.Of([.. order]);
        Inverse = index.Of(InverseOf(order));
        _sampleInverse = index.Of(InverseOf(samples));
    }

    /// <summary>Samples that take each step; never more than before.</summary>
    public IReadOnlyList<int> Counts { get; }

    /// <summary>The behaviour at each packed place, int64 [behaviours].</summary>
    public Tensor Order { get; }

    /// <summary>The packed place of each behaviour, int64 [behaviours].</summary>
    public Tensor Inverse { get; }

    /// <summary>Brings one row per sample from the order of the steps to that of the mini-batch.</summary>
    /// <param name="rows">[batch, …], samples with long histories first.</param>
    public Tensor ToBatch(Tensor rows) => rows.index_select(0, _sampleInverse);

    private static long[] InverseOf(IReadOnlyList<long> order)
    {
        long[] inverse = new long[order.Count];
        for (int i = 0; i < inverse.Length; i++)
            inverse[order[i]] = i;
        return inverse;
    }
}
