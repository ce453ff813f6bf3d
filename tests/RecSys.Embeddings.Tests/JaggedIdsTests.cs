namespace RecSys.Embeddings.Tests;

public sealed class JaggedIdsTests
{
    [Fact]
    public void Add_SamplesOfAnyLength_KeepsTheirOffsets()
    {
        var ids = new JaggedIds(isSingle: false);
        ids.Add([1, 2]);
        ids.Add(ReadOnlySpan<long>.Empty);
        ids.Add([3]);

        Assert.Equal([1, 2, 3], ids.Values.ToArray());
        Assert.Equal([0, 2, 2, 3], ids.Offsets.ToArray());
        Assert.Equal((3, 2, 0, 1), (ids.BatchSize, ids.Length(0), ids.Length(1), ids.Length(2)));
    }

    [Fact]
    public void Add_SingleIds_KeepsNoOffsets()
    {
        var ids = new JaggedIds(isSingle: true);
        ids.Add(7);
        ids.Add([8]);

        Assert.Equal([7, 8], ids.Values.ToArray());
        Assert.True(ids.Offsets.IsEmpty);
        Assert.Equal((2, 1), (ids.BatchSize, ids.Length(1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Add_WrongNumberOfSingleIds_Throws(int count)
    {
        var ids = new JaggedIds(isSingle: true);

        Assert.Contains($"but {count} were given", Assert.Throws<ArgumentException>(() => ids.Add(new long[count])).Message, StringComparison.Ordinal);
        Assert.Equal(0, ids.BatchSize);
    }

    [Fact]
    public void AddSamples_SeveralAtOnce_EqualsAddingThemOneByOne()
    {
        var random = new Random(1);
        var bulk = new JaggedIds(isSingle: false);
        var single = new JaggedIds(isSingle: false);
        for (int round = 0; round < 50; round++)
        {
            if (round == 25)
            {
                bulk.Clear();
                single.Clear();
            }

            long[][] samples = [.. Enumerable.Range(0, random.Next(5)).Select(_ => new long[random.Next(4)])];
            foreach (long[] sample in samples)
            {
                sample.AsSpan().Fill(random.Next());
                single.Add(sample);
            }

            int start = bulk.Values.Length;
            samples.SelectMany(s => s).ToArray().CopyTo(bulk.AddSamples(samples.Length, samples.Sum(s => s.Length)));
            Span<int> ends = bulk.EndOffsets(samples.Length);
            for (int i = 0; i < samples.Length; i++)
                ends[i] = start += samples[i].Length;

            Assert.Equal(single.Values.ToArray(), bulk.Values.ToArray());
            Assert.Equal(single.Offsets.ToArray(), bulk.Offsets.ToArray());
        }
    }

    [Fact]
    public void Clear_ThenAdd_StartsAnew()
    {
        var ids = new JaggedIds(isSingle: false);
        ids.Add([1, 2, 3]);
        ids.Clear();
        Assert.Equal(0, ids.BatchSize);
        Assert.Equal([0], ids.Offsets.ToArray());

        ids.Add([4]);

        Assert.Equal([4], ids.Values.ToArray());
        Assert.Equal([0, 1], ids.Offsets.ToArray());
    }

    [Fact]
    public void EndOffsets_SingleIds_Throws() => Assert.Throws<InvalidOperationException>(() => new JaggedIds(isSingle: true).EndOffsets(1).Length);
}
