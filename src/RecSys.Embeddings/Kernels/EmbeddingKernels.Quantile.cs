using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static partial class EmbeddingKernels
{
    /// <summary>
    /// value = scale · z(0.5 + value) for |value| ≤ <see cref="InitialValues.CentralHalfWidth"/>, with z the quantiles of the
    /// standard normal distribution; other values become meaningless.
    /// </summary>
    /// <param name="values">Numbers, replaced.</param>
    /// <param name="scale">Standard deviation.</param>
    internal static void CentralQuantiles(Span<float> values, float scale)
        => Run(new CentralQuantileLoop(ref MemoryMarshal.GetReference(values), scale), (nuint)values.Length);

    // Products and sums are not fused here: the same bits on every processor.
    private readonly ref struct CentralQuantileLoop(ref float values, float scale) : IElementLoop
    {
        private readonly ref float _values = ref values;
        private readonly float _scale = scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            var q = TLanes.Load(ref _values, i);
            var r = TLanes.Broadcast(InitialValues.CentralHalfWidth * InitialValues.CentralHalfWidth) - (q * q);
            var numerator = (((((TLanes.Broadcast(59.109374720f) * r) + TLanes.Broadcast(159.29113202f)) * r) + TLanes.Broadcast(50.434271938f)) * r) + TLanes.Broadcast(3.3871327179f);
            var denominator = (((((TLanes.Broadcast(67.187563600f) * r) + TLanes.Broadcast(78.757757664f)) * r) + TLanes.Broadcast(17.895169469f)) * r) + TLanes.Broadcast(1);
            (TLanes.Broadcast(_scale) * q * numerator / denominator).Store(ref _values, i);
        }
    }
}
