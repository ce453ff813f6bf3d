using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>Every width against plain floats; widths that the processor lacks are computed from narrower registers.</summary>
public sealed class LanesTests
{
    private static readonly float[] s_special = [1.5f, -2.25f, 0, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, -0f, 3e38f, 7];

    [Fact]
    public void Lanes512_EveryOperation_EqualsTheScalarOne() => CheckAll<Lanes512>(16);

    [Fact]
    public void Lanes256_EveryOperation_EqualsTheScalarOne() => CheckAll<Lanes256>(8);

    [Fact]
    public void Lanes128_EveryOperation_EqualsTheScalarOne() => CheckAll<Lanes128>(4);

    [Fact]
    public void Lanes1_EveryOperation_EqualsTheScalarOne() => CheckAll<Lanes1>(1);

    [Fact]
    public void Lanes512_LoadCodes_EqualsTheScalarForm() => CheckBytes<Lanes512>();

    [Fact]
    public void Lanes256_LoadCodes_EqualsTheScalarForm() => CheckBytes<Lanes256>();

    [Fact]
    public void Lanes128_LoadCodes_EqualsTheScalarForm() => CheckBytes<Lanes128>();

    [Fact]
    public void Lanes1_LoadCodes_EqualsTheScalarForm() => CheckBytes<Lanes1>();

    [Fact]
    public void Lanes512_LoadHalves_EqualsTheScalarForm() => CheckHalves<Lanes512>();

    [Fact]
    public void Lanes256_LoadHalves_EqualsTheScalarForm() => CheckHalves<Lanes256>();

    [Fact]
    public void Lanes128_LoadHalves_EqualsTheScalarForm() => CheckHalves<Lanes128>();

    [Fact]
    public void Lanes1_LoadHalves_EqualsTheScalarForm() => CheckHalves<Lanes1>();

    // Every value of a byte, in a block that ends where nothing may be read.
    private static void CheckBytes<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        using var memory = new GuardedFloats(256 / sizeof(float));
        Span<byte> bytes = MemoryMarshal.AsBytes(memory.Span);
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i * 7);
        float[] result = new float[TLanes.Count];
        for (int start = 0; start + TLanes.Count <= bytes.Length; start++)
        {
            byte[] expected = bytes.Slice(start, TLanes.Count).ToArray();
            foreach (var (shift, mask) in new[] { (0, 255), (0, 15), (4, 15), (2, 3), (6, 3) })
            {
                TLanes.LoadCodes(ref bytes[0], (nuint)start, shift, mask).Store(ref result[0], 0);
                Assert.Equal(expected.Select(b => (float)((b >> shift) & mask)), result);
            }
        }
    }

    // Every finite fp16, and every float that has 16 bits.
    private static void CheckHalves<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        ushort[] words = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)(i * 40503)).Where(w => (w & 0x7C00) != 0x7C00)];
        float[] result = new float[TLanes.Count];
        for (int start = 0; start + TLanes.Count <= words.Length; start += TLanes.Count)
        {
            ReadOnlySpan<ushort> part = words.AsSpan(start, TLanes.Count);
            TLanes.LoadHalves(ref words[0], (nuint)start).Store(ref result[0], 0);
            for (int i = 0; i < result.Length; i++)
                Assert.Equal((float)BitConverter.UInt16BitsToHalf(part[i]), result[i]);
            TLanes.LoadUpperHalves(ref words[0], (nuint)start).Store(ref result[0], 0);
            for (int i = 0; i < result.Length; i++)
                Assert.Equal((uint)part[i] << 16, BitConverter.SingleToUInt32Bits(result[i]));
        }
    }

    private static void CheckAll<TLanes>(int count)
        where TLanes : struct, ILanes<TLanes>
    {
        Assert.Equal(count, TLanes.Count);
        for (int start = 0; start < s_special.Length; start++)
        {
            for (int shift = 0; shift < s_special.Length; shift++)
            {
                // One number further than the start: no register boundary.
                float[] a = [0, .. Enumerable.Range(0, count).Select(i => s_special[(start + i) % s_special.Length])];
                float[] b = [0, .. Enumerable.Range(0, count).Select(i => s_special[(start + shift + i) % s_special.Length])];
                TLanes x = TLanes.Load(ref a[0], 1);
                TLanes y = TLanes.Load(ref b[0], 1);
                Check(x + y, i => a[i] + b[i]);
                Check(x - y, i => a[i] - b[i]);
                Check(x * y, i => a[i] * b[i]);
                Check(x / y, i => a[i] / b[i]);
                Check(TLanes.Min(x, y), i => MathF.Min(a[i], b[i]));
                Check(TLanes.Max(x, y), i => MathF.Max(a[i], b[i]));
                Check(TLanes.Sqrt(x), i => MathF.Sqrt(a[i]));
                Check(TLanes.Broadcast(2.5f), _ => 2.5f);
                Check(TLanes.MultiplyAdd(x, y, x), i => float.MultiplyAddEstimate(a[i], b[i], a[i]));
            }
        }

        float[] numbers = [.. Enumerable.Range(1, count).Select(i => (float)i)];
        Assert.Equal(count * (count + 1) / 2f, TLanes.Load(ref numbers[0], 0).Sum());

        void Check(TLanes actual, Func<int, float> expected)
        {
            float[] result = new float[count + 2];
            actual.Store(ref result[0], 1);
            for (int i = 1; i <= count; i++)
                Assert.Equal(expected(i), result[i]);
            Assert.Equal(0, result[0]);
            Assert.Equal(0, result[count + 1]);
        }
    }
}
