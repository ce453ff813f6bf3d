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

    [Fact]
    public void Build_SeveralTables_ShareTheBudgetToTheRow()
    {
        MethodLayout layout = Build(s_two, 64_000 + 32, "tables=3");

        Assert.Equal(["s/unified_0", "s/unified_1", "s/unified_2"], layout.Tables.Select(t => t.Name));
        Assert.Equal([667, 667, 667], layout.Tables.Select(t => t.RowCount));
        Assert.Equal([667, 667, 666], Build(s_two, 64_000, "tables=3").Tables.Select(t => t.RowCount));
    }

    [Fact]
    public void Build_SeveralTables_DealsOutTheChunksOfAFieldInTurn()
    {
        MethodLayout layout = Build(s_two, 64_000, "tables=3 chunks=4");

        foreach (FieldLayout field in layout.Fields)
        {
            int[] tables = [.. field.Sources.Select(s => s.Table)];
            Assert.Equal(Enumerable.Range(0, 4).Select(j => (tables[0] + j) % 3), tables);
        }
    }

    // With an order of fields as rule, the first tables of 300 fields would be 0, 1, 0, 1, ...
    [Fact]
    public void Build_SeveralTables_DrawsTheFirstByTheName()
    {
        EmbeddingField[] fields = [.. Enumerable.Range(0, 300).Select(i => new EmbeddingField($"f{i}", 10))];

        MethodLayout layout = Build(fields, 64_000, "tables=2");
        MethodLayout fewer = Build(fields[1..], 64_000, "tables=2");

        // By chance 150 start in the first table; the standard deviation is 9.
        Assert.InRange(layout.Fields.Count(f => f.Sources[0].Table == 0), 105, 195);
        Assert.Equal(layout.Fields.Skip(1).Select(f => f.Sources[0]), fewer.Fields.Select(f => f.Sources[0]));
    }

    [Fact]
    public void Build_ChunksByVocabulary_GivesOnePerDigit()
    {
        EmbeddingField[] fields = [new("a", 9), new("b", 10), new("c", 999), new("d", 1000), new("e", 5_000_000)];

        MethodLayout layout = Build(fields, 64_000, "chunks=4 chunk_rule=by_vocabulary");

        Assert.Equal([1, 2, 3, 4, 4], layout.Fields.Select(f => f.Sources.Count));
        Assert.All(layout.Tables, t => Assert.Equal(4, t.Width));
    }

    // Saved models contain rows at these places: they never change.
    [Fact]
    public void Build_Defaults_HaveOneTableAndGoldenRows()
    {
        MethodLayout layout = Build(s_two, 64_000);

        Assert.Equal("s/unified", Assert.Single(layout.Tables).Name);
        Assert.Equal([905, 1086, 806, 1547, 1874, 1288], [.. Rows(layout, s_two[0], 0)[..3], .. Rows(layout, s_two[1], 1)[..3]]);
    }

    private static MethodLayout Build(EmbeddingField[] fields, long byteCount, string options = "")
        => EmbeddingMethods.Get("unified").Build(MethodCases.Request(options, 16, Budget.OfBytes(byteCount), fields));

    private static long[] Rows(MethodLayout layout, EmbeddingField field, int chunk)
    {
        long[] ids = [.. Enumerable.Range(0, 10_000)];
        var rows = new long[ids.Length];
        layout.Of(field).Sources[chunk].Addressing!.Address(ids, rows);
        return rows;
    }
}
