using RecSys.Embeddings.Tables;
using RecSys.Torch.Interop;

namespace RecSys.Cli.Bench;

/// <summary>The bounds on tables of rows.</summary>
internal sealed partial class KernelBench
{
    private MemorySpeed MeasureMemory(RowTable table)
    {
        Span<float> values = Floats(table);
        var rows = _samples[0];
        float[] zeros = new float[rows.Ids(0).Length * _options.Dimension];
        var (read, distance) = Best(candidate => MedianOf(list => ReadBound(table, rows.Ids(list), candidate).MillionPerSecond));
        var (update, updateDistance) = Best(candidate => MedianOf(list => UpdateBound(table, rows.DistinctIds(list), zeros, candidate).MillionPerSecond));

        // A copy within the table: one half to the other, and only bytes of whole lines count.
        int half = values.Length / 2 / (16 * _threads) * (16 * _threads);
        double plain = MedianOf(_ => 2.0 * half * sizeof(float) / 1e9 / MemoryBounds.Copy(Floats(table)[..half], Floats(table)[half..(2 * half)], false, _threads));
        double streaming = MedianOf(_ => 2.0 * half * sizeof(float) / 1e9 / MemoryBounds.Copy(Floats(table)[..half], Floats(table)[half..(2 * half)], true, _threads));
        var lines = new RowSamples("uniform", values.Length / 16, ListCount);
        double line = MedianOf(list => lines.Ids(list).Length / 1e6 / MemoryBounds.ReadRows<float>(Floats(table), 64, lines.Ids(list), distance, _threads));
        return new MemorySpeed(_threads, Math.Max(plain, streaming), streaming > plain, line, read, update, distance, updateDistance);

        static (double Speed, int Distance) Best(Func<int, double> measure) => s_prefetchDistances.Select(d => (Speed: measure(d), d)).MaxBy(m => m.Speed);

        double MedianOf(Func<int, double> measure) => Median(Enumerable.Range(0, Math.Max(3, _options.Repetitions / 3)).Select(measure).ToArray());
    }

    private Sample ReadBound(RowTable table, long[] rows, int distance)
        => new(MemoryBounds.ReadRows<float>(Floats(table), table.Spec.Width * sizeof(float), rows, distance, _threads), rows.Length);

    private Sample UpdateBound(RowTable table, long[] rows, float[] zeros, int distance)
    {
        // Brings the gradients into the caches, where those of the other side are.
        Array.Clear(zeros);
        return new Sample(
            MemoryBounds.UpdateRows(Floats(table), _rowBytes, All(table.States), table.StateWidth * sizeof(float), zeros, rows, distance, _threads), rows.Length);
    }
}
