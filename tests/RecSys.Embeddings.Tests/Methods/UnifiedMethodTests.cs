using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class UnifiedMethodTests
{
    private static readonly EmbeddingField[] s_two = [new("a", 10_000), new("b", 10_000)];
    private static readonly EmbeddingField[] s_three = [new("new", 10_000), .. s_two];

    [Fact]
    public void Build_Bytes_DoNotDependOnTheFields()
    {
        MethodLayout two = Build(s_two, 64_000);
        MethodLayout three = Build(s_three, 64_000);

        Assert.Equal(64_000, two.ByteCount);
        Assert.Equal(64_000, three.ByteCount);
        Assert.Equal(2000, Assert.Single(three.Tables).RowCount);
    }

    [Fact]
    public void Address_FieldAdded_LeavesTheOthers()
    {
        MethodLayout two = Build(s_two, 64_000);
        MethodLayout three = Build(s_three, 64_000);

        Assert.Equal(Rows(two, s_two[0], 1), Rows(three, s_two[0], 1));
        Assert.Equal(Rows(two, s_two[1], 0), Rows(three, s_two[1], 0));
    }

    [Fact]
    public void Address_FieldsAndChunks_AreSaltedApart()
    {
        MethodLayout layout = Build(s_two, 64_000);
        long[][] rows = [Rows(layout, s_two[0], 0), Rows(layout, s_two[0], 1), Rows(layout, s_two[1], 0), Rows(layout, s_two[1], 1)];

        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                // By chance 10,000 / 2000 = 5 agree.
                Assert.InRange(rows[i].Zip(rows[j]).Count(p => p.First == p.Second), 0, 25);
            }
        }
    }

    [Fact]
    public void Build_DimensionOne_HasOneChunk()
        => Assert.Single(MethodCases.Build("unified", "", 1, 0.5).Fields[0].Sources);

    [Fact]
    public void Build_ChunksThatDoNotDivide_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("unified", "chunks=3", 16, 0.5));

        Assert.Contains("dimension of 16 into 3 equal chunks", error.Message, StringComparison.Ordinal);
    }

    private static MethodLayout Build(EmbeddingField[] fields, long byteCount)
        => EmbeddingMethods.Get("unified").Build(MethodCases.Request("", 16, Budget.OfBytes(byteCount), fields));

    private static long[] Rows(MethodLayout layout, EmbeddingField field, int chunk)
    {
        long[] ids = [.. Enumerable.Range(0, 10_000)];
        var rows = new long[ids.Length];
        layout.Of(field).Sources[chunk].Addressing!.Address(ids, rows);
        return rows;
    }
}
