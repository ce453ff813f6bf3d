using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

[Collection(OutstandingMemory.Name)]
public sealed class HotSketchTests
{
    private const ulong Salt = 17;
    private const float Never = float.MaxValue;

    // Four slots a bucket: four times as many buckets as keys leave none without a slot.
    [Fact]
    public void Add_CapacityForEveryKey_GivesEachARow()
    {
        const int Keys = 500;
        using var state = new MethodState(0, HotSketch.Create(4 * Keys));
        var sketch = new HotSketch(state, 4 * Keys, Salt);

        long[] rows = [.. Enumerable.Range(0, Keys).Select(key => sketch.Add(key, 1, threshold: 1))];

        Assert.Equal(Enumerable.Range(0, Keys).Select(row => (long)row), rows);
        Assert.Equal(rows, Enumerable.Range(0, Keys).Select(key => sketch.Row(key)));
        Assert.Equal(Enumerable.Range(0, Keys).Select(key => ((uint)key, (uint)key)), sketch.Hot());
    }

    [Fact]
    public void Add_SkewedStream_KeepsTheBoundsOfSpaceSaving()
    {
        const int Buckets = 40;
        using var state = new MethodState(0, HotSketch.Create(Buckets));
        var sketch = new HotSketch(state, Buckets, Salt);
        var random = new Random(1);
        Dictionary<long, int> counts = [];
        for (int i = 0; i < 50_000; i++)
        {
            long key = (long)(Math.Pow(random.NextDouble(), 4) * 2000);
            counts[key] = counts.GetValueOrDefault(key) + 1;
            sketch.Add(key, 1, Never);
        }

        var kept = Kept(state);
        Assert.Equal(4 * Buckets, kept.Count);
        Assert.Equal(50_000, kept.Sum(k => k.Score));
        foreach (var bucket in kept.Chunk(4))
        {
            double smallest = bucket.Min(k => k.Score);
            Assert.All(bucket, k => Assert.InRange(k.Score, counts[k.Key], counts[k.Key] + smallest));
            Assert.InRange(smallest, 0, bucket.Sum(k => k.Score) / 4);
        }

        // Frequent keys are among those that are kept.
        Assert.Empty(Enumerable.Range(0, 5).Select(key => (long)key).Except(kept.Select(k => k.Key)));
    }

    [Fact]
    public void Add_BucketOfKeysWithRows_LeavesThemTheirSlots()
    {
        using var state = new MethodState(0, HotSketch.Create(1));
        var sketch = new HotSketch(state, 1, Salt);
        Assert.Equal(0, sketch.Add(3, 5, threshold: 5));
        for (long key = 10; key < 13; key++)
            sketch.Add(key, 100, threshold: 5);
        for (int i = 0; i < 20; i++)
            sketch.Add(20 + i, 1, threshold: 5);

        Assert.Equal(0, sketch.Row(3));
        Assert.Equal(-1, sketch.Row(10));
        Assert.Contains(Kept(state), k => k is { Key: 3, Score: 5 });
        Assert.DoesNotContain(Kept(state), k => k.Key >= 20);
    }

    [Fact]
    public void Fade_LargeScores_TakesRowsFromKeysBelowTheThreshold()
    {
        using var state = new MethodState(0, HotSketch.Create(2));
        var sketch = new HotSketch(state, 2, Salt);
        sketch.Add(1, 10, threshold: 10);
        sketch.Fade(threshold: 10, factor: 0.5f);
        Assert.Equal(0, sketch.Row(1));

        sketch.Add(2, 195, threshold: 10);
        sketch.Fade(threshold: 10, factor: 0.5f);

        Assert.Equal(-1, sketch.Row(1));
        Assert.Equal(1, sketch.Row(2));
        Assert.Equal(102.5, Kept(state).Sum(k => k.Score));
        Assert.Equal(0, sketch.Add(3, 10, threshold: 10));
    }

    [Fact]
    public void Open_StateInTheMiddle_GoesOnTheSame()
    {
        using var state = new MethodState(0, HotSketch.Create(10));
        using var copy = new MethodState(0, HotSketch.Create(10));
        var sketch = new HotSketch(state, 10, Salt);
        Feed(sketch, seed: 1);
        foreach ((string name, PackedArray array) in state.Arrays)
        {
            for (long i = 0; i < array.Length; i++)
                copy.Arrays[name][i] = array[i];
        }

        Feed(sketch, seed: 2);
        Feed(new HotSketch(copy, 10, Salt), seed: 2);

        Assert.True(state.HasSameNumbers(copy));
        Assert.NotEmpty(sketch.Hot());
        Assert.Throws<InvalidDataException>(() => new HotSketch(copy, 11, Salt));
    }

    private static void Feed(HotSketch sketch, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 6000; i++)
        {
            sketch.Add(random.Next(100) * random.Next(100) / 100, random.NextSingle(), threshold: 20);
            sketch.Fade(threshold: 20, factor: 0.8f);
        }
    }

    private static List<(long Key, double Score)> Kept(MethodState state)
    {
        List<(long Key, double Score)> kept = [];
        for (long slot = 0; slot < state.Arrays["keys"].Length; slot++)
        {
            if (state.Arrays["keys"][slot] != 0)
                kept.Add((state.Arrays["keys"][slot] - 1L, BitConverter.UInt32BitsToSingle(state.Arrays["scores"][slot])));
        }

        return kept;
    }
}
