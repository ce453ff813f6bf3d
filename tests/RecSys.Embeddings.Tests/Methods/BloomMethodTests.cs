using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class BloomMethodTests
{
    private const int IdCount = 10_000;

    private static readonly EmbeddingField[] s_two = [new("a", IdCount), new("b", IdCount)];
    private static readonly EmbeddingField[] s_three = [new("new", IdCount), .. s_two];

    [Fact]
    public void Build_Bytes_DoNotDependOnTheFields()
    {
        foreach (EmbeddingField[] fields in new[] { s_two, s_three })
        {
            MethodLayout layout = Build(fields, "");

            Assert.Equal("s/bloom", Assert.Single(layout.Tables).Name);
            Assert.Equal(1000, layout.Tables[0].RowCount);
        }
    }

    [Fact]
    public void Address_FieldAdded_LeavesTheOthers()
    {
        MethodLayout two = Build(s_two, "signs=random");
        MethodLayout three = Build(s_three, "signs=random");

        foreach (EmbeddingField field in s_two)
            Assert.Equal(two.Of(field).Sources.Select(Numbers), three.Of(field).Sources.Select(Numbers));
    }

    [Fact]
    public void Address_FieldsAndHashes_CollideAsRarelyAsChance()
    {
        long[][] rows = [.. Build(s_two, "").Fields.SelectMany(f => f.Sources).Select(Numbers)];

        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                // By chance 10,000 / 1000 = 10 agree; 10,000 ids on 1000² pairs occupy 10⁶(1 − e^−0.01) ≈ 9,950.
                Assert.InRange(rows[i].Zip(rows[j]).Count(p => p.First == p.Second), 0, 30);
                Assert.InRange(rows[i].Zip(rows[j]).Distinct().Count(), 9_950 - 40, 9_950 + 40);
            }
        }
    }

    [Fact]
    public void Address_Signs_AreAsOftenPlusAsMinusInEveryBitAndIndependent()
    {
        long[][] bits = [.. Build(s_two, "hashes=64 signs=random").Fields.Select(f => Numbers(f.Sources[0]))];

        // 10,000 throws of a coin have a standard deviation of 50; five of them on both sides.
        for (int bit = 0; bit < 64; bit++)
        {
            Assert.InRange(bits[0].Count(b => ((b >> bit) & 1) == 1), 4_750, 5_250);
            Assert.InRange(bits[0].Count(b => ((b >> bit) & 1) == ((b >> ((bit + 1) % 64)) & 1)), 4_750, 5_250);
            Assert.InRange(bits[0].Zip(bits[1]).Count(b => (((b.First ^ b.Second) >> bit) & 1) == 0), 4_750, 5_250);
        }
    }

    private static MethodLayout Build(EmbeddingField[] fields, string options)
        => EmbeddingMethods.Get("bloom").Build(MethodCases.Request(options, 16, Budget.OfBytes(64_000), fields));

    private static long[] Numbers(RowSource source)
    {
        long[] ids = [.. Enumerable.Range(0, IdCount)];
        var numbers = new long[ids.Length];
        source.Addressing!.Address(ids, numbers);
        return numbers;
    }
}
