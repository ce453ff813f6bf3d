using System.Runtime.CompilerServices;

namespace RecSys.Embeddings.Kernels;

public static unsafe partial class EmbeddingKernels
{
    // target = source
    private readonly ref struct CopyLoop(ref float target, ref float source) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => TLanes.Load(ref _source, i).Store(ref _target, i);
    }

    // target += source
    private readonly ref struct AddLoop(ref float target, ref float source) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => (TLanes.Load(ref _target, i) + TLanes.Load(ref _source, i)).Store(ref _target, i);
    }

    // target *= source
    private readonly ref struct MultiplyLoop(ref float target, ref float source) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => (TLanes.Load(ref _target, i) * TLanes.Load(ref _source, i)).Store(ref _target, i);
    }

    // target = factor · source
    private readonly ref struct ScaleLoop(ref float target, ref float source, float factor) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;
        private readonly float _factor = factor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => (TLanes.Broadcast(_factor) * TLanes.Load(ref _source, i)).Store(ref _target, i);
    }

    // target += factor · source
    private readonly ref struct AddScaledLoop(ref float target, ref float source, float factor) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;
        private readonly float _factor = factor;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.MultiplyAdd(TLanes.Broadcast(_factor), TLanes.Load(ref _source, i), TLanes.Load(ref _target, i)).Store(ref _target, i);
    }

    // target += a ⊙ b
    private readonly ref struct AddProductLoop(ref float target, ref float a, ref float b) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _a = ref a;
        private readonly ref float _b = ref b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.MultiplyAdd(TLanes.Load(ref _a, i), TLanes.Load(ref _b, i), TLanes.Load(ref _target, i)).Store(ref _target, i);
    }

    // sum += ⟨a, b⟩
    private readonly ref struct DotLoop(ref float sum, ref float a, ref float b) : IElementLoop
    {
        private readonly ref float _sum = ref sum;
        private readonly ref float _a = ref a;
        private readonly ref float _b = ref b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => _sum += (TLanes.Load(ref _a, i) * TLanes.Load(ref _b, i)).Sum();
    }

    // target = scale · Σ of count rows of source: one register of columns down all rows, so the sum never leaves the register.
    private readonly ref struct PoolLoop(ref float target, ref float source, int count, nuint width, float scale) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref float _source = ref source;
        private readonly int _count = count;
        private readonly nuint _width = width;
        private readonly float _scale = scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            TLanes sum = default;
            nuint place = i;
            for (int n = 0; n < _count; n++, place += _width)
                sum += TLanes.Load(ref _source, place);
            (sum * TLanes.Broadcast(_scale)).Store(ref _target, i);
        }
    }

    // target = scale · Σ of table rows: one register of columns down all rows, so the sum never leaves the register.
    private readonly ref struct PoolRowsLoop(ref float target, float* values, ReadOnlySpan<long> rows, int width, float scale) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly float* _values = values;
        private readonly ReadOnlySpan<long> _rows = rows;
        private readonly int _width = width;
        private readonly float _scale = scale;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            TLanes sum = default;
            foreach (long row in _rows)
                sum += TLanes.Load(ref *(_values + (row * _width)), i);
            (sum * TLanes.Broadcast(_scale)).Store(ref _target, i);
        }
    }
}
