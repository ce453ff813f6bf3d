using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class MethodLayoutTests
{
    [Fact]
    public void Concat_TwoMethods_LooksUpEachFieldWithItsOwn()
    {
        MethodLayout qr = MethodCases.Build("qr", "", 8, 0.5, [MethodCases.Item, MethodCases.Word]);
        MethodLayout full = MethodCases.Build("full", "", 8, 1, [MethodCases.User]);

        MethodLayout joined = MethodLayout.Concat(qr, full);

        Assert.Equal(qr.ByteCount + full.ByteCount, joined.ByteCount);
        Assert.Equal([MethodCases.Item, MethodCases.Word, MethodCases.User], joined.Fields.Select(f => f.Field));
        Assert.Equal("s/user", joined.Tables[joined.Of(MethodCases.User).Sources[0].Table].Name);
        Assert.Equal("s/item/remainder", joined.Tables[joined.Of(MethodCases.Item).Sources[1].Table].Name);
    }

    [Fact]
    public void Concat_DifferentDimensions_Throws()
        => Assert.Throws<ArgumentException>(() => MethodLayout.Concat(
            MethodCases.Build("full", "", 8, 1, [MethodCases.User]), MethodCases.Build("full", "", 4, 1, [MethodCases.Item])));

    [Fact]
    public void Concat_FieldTwice_Throws()
    {
        MethodLayout layout = MethodCases.Build("full", "", 8, 1, [MethodCases.User]);

        var error = Assert.Throws<ArgumentException>(() => MethodLayout.Concat(layout, layout));

        Assert.Contains("field 'user'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Concat_TableTwice_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodLayout.Concat(
            MethodCases.Build("unified", "", 8, 1, [MethodCases.User]), MethodCases.Build("unified", "", 8, 1, [MethodCases.Item])));

        Assert.Contains("table 's/unified'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_UnknownField_NamesTheFields()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("full", "", 8, 1).Of(new EmbeddingField("item", 62)));

        Assert.Contains("'item' with 62 ids", error.Message, StringComparison.Ordinal);
        Assert.Contains("'item' (61)", error.Message, StringComparison.Ordinal);
    }

    // Rows of one number would not get smaller; those of 16 do.
    [Fact]
    public void KeptAs_SmallerPrecision_KeepsTheShapes()
    {
        MethodLayout layout = MethodCases.Build("memcom", "", 16, 0.5);

        MethodLayout kept = layout.KeptAs(RowPrecision.Parse("int8"));

        Assert.Equal(layout.Tables.Select(t => (t.Name, t.RowCount, t.Width)), kept.Tables.Select(t => (t.Name, t.RowCount, t.Width)));
        Assert.Equal(layout.Tables.Select(t => t.Width == 1 ? RowFormat.Fp32 : RowFormat.Int8), kept.Tables.Select(t => t.Precision.Format));
        Assert.Equal(layout.Tables.Sum(t => t.RowCount * (t.Width == 1 ? 4 : 20)), kept.ByteCount);
        Assert.Equal(kept.ByteCount, kept.ServeByteCount);
        Assert.Equal(layout.Tables, kept.KeptAs(RowPrecision.Fp32).Tables);
    }

    [Theory]
    [InlineData("dedup")]
    [InlineData("mgqe")]
    public void KeptAs_BeforeTheLastPhase_Throws(string name)
        => Assert.Throws<ArgumentException>(() => MethodCases.Build(name, "", 16, 0.4).KeptAs(RowPrecision.Parse("int8")));
}
