using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class SpacyMethodTests
{
    private static readonly EmbeddingField[] s_two = [new("a", 100_000), new("b", 100_000)];

    [Fact]
    public void Address_FourHashes_AreTheWordsOfOneHash()
    {
        MethodLayout layout = MethodCases.Build("spacy", "", 4, 0.01, s_two);
        uint seed = (uint)RowHash.Salt(1, "a", 0);
        var (first, second) = MurmurHash3.Hash(77, seed);

        long[] rows = [.. layout.Fields[0].Sources.Select(s => Row(s, 77))];

        Assert.Equal([(uint)first % 1000, (first >> 32) % 1000, (uint)second % 1000, (second >> 32) % 1000], rows.Select(r => (ulong)r));
    }

    // spaCy itself numbers its seeds; a field with such a seed reads the rows that spaCy reads.
    [Fact]
    public void Address_KnownSeed_ReadsTheRowsOfSpacy()
    {
        long[] rows = [.. Enumerable.Range(0, 4).Select(word => Row(new RowSource(0, new MurmurAddressing(8, word, 5000)), 1))];

        Assert.Equal([0x453BD91C % 5000, 0x85FA7376 % 5000, 0x67D9C5AA % 5000, 0x48F7AD31 % 5000], rows);
    }

    [Fact]
    public void Address_Words_AreUniformAndCollideAsRarelyAsChance()
    {
        MethodLayout layout = MethodCases.Build("spacy", "", 4, 0.01, s_two);
        long[][] rows = [.. layout.Fields.SelectMany(f => f.Sources).Select(Rows)];

        foreach (long[] word in rows)
        {
            // 999 degrees of freedom: mean 999, standard deviation 45; five standard deviations on both sides.
            double chiSquare = word.CountBy(r => r).Sum(r => (r.Value - 100.0) * (r.Value - 100.0) / 100.0);
            Assert.InRange(chiSquare, 999 - (5 * 45), 999 + (5 * 45));
        }

        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                // By chance 100,000 / 1000 = 100 agree between two words or two fields; the standard deviation is 10.
                Assert.InRange(rows[i].Zip(rows[j]).Count(p => p.First == p.Second), 50, 150);

                // 100,000 ids on 1000² pairs occupy 10⁶(1 − e^−0.1) ≈ 95,163; the standard deviation is about 65.
                Assert.InRange(rows[i].Zip(rows[j]).Distinct().Count(), 95_163 - 350, 95_163 + 350);
            }
        }
    }

    private static long Row(RowSource source, long id)
    {
        var row = new long[1];
        source.Addressing!.Address([id], row);
        return row[0];
    }

    private static long[] Rows(RowSource source)
    {
        long[] ids = [.. Enumerable.Range(0, 100_000)];
        var rows = new long[ids.Length];
        source.Addressing!.Address(ids, rows);
        return rows;
    }
}
