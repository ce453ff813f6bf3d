using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class RowHashTests
{
    // The published first outputs of SplitMix64 from state 0: the state grows by the increment before each.
    [Theory]
    [InlineData(0UL, 0xE220A8397B1DCDAFUL)]
    [InlineData(0x9E3779B97F4A7C15UL, 0x6E789E6AA1B965F4UL)]
    [InlineData(0x3C6EF372FE94F82AUL, 0x06C45D188009454FUL)]
    public void Mix_SplitMix64States_GivesThePublishedNumbers(ulong value, ulong expected) => Assert.Equal(expected, RowHash.Mix(value));

    [Fact]
    public void Salt_SeedNameAndLookup_AllMatter()
    {
        ulong[] salts =
        [
            RowHash.Salt(1, "user", 0), RowHash.Salt(2, "user", 0), RowHash.Salt(1, "item", 0), RowHash.Salt(1, "user", 1),
            RowHash.Salt(1, "resu", 0), RowHash.Salt(1, "", 0), RowHash.Salt(0, "user", 0), RowHash.Salt(1, "ü", 0),
        ];

        Assert.Equal(salts.Length, salts.Distinct().Count());
    }

    // Saved models contain rows at these places: these numbers never change.
    [Fact]
    public void Address_GoldenIds_NeverChanges()
    {
        ulong salt = RowHash.Salt(2026, "user_id", 1);
        long[] rows = new long[6];
        RowHash.Address([0, 1, 2, 1_000_000, long.MaxValue, 5_000_000_000], salt, 1_000_003, rows);

        Assert.Equal(0x2118C3CA4AA62745UL, salt);
        Assert.Equal([748589, 906745, 342223, 367520, 501463, 704138], rows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1L << 40)]
    public void Address_AnyRowCount_StaysInside(long rowCount)
    {
        long[] ids = [.. Enumerable.Range(0, 10_000).Select(i => (long)i * 977)];
        long[] rows = new long[ids.Length];

        RowHash.Address(ids, 99, rowCount, rows);

        Assert.All(rows, row => Assert.InRange(row, 0, rowCount - 1));
    }

    // Counts up to 2^32 − 1 are computed four at a time; the last ids one at a time.
    [Theory]
    [InlineData(1)]
    [InlineData(1_000_003)]
    [InlineData(uint.MaxValue)]
    [InlineData(1L + uint.MaxValue)]
    [InlineData(long.MaxValue)]
    public void Address_AnyNumberOfIds_EqualsTheDefinition(long rowCount)
    {
        const ulong Salt = 0xFEDCBA9876543210;
        for (int count = 0; count < 40; count++)
        {
            long[] ids = [.. Enumerable.Range(0, count).Select(i => (long)RowHash.Mix((ulong)i) & long.MaxValue)];
            long[] rows = new long[count];

            RowHash.Address(ids, Salt, rowCount, rows);

            Assert.Equal(ids.Select(id => (long)Math.BigMul(RowHash.Mix((ulong)id ^ Salt), (ulong)rowCount, out _)), rows);
        }
    }

    [Fact]
    public void Address_ConsecutiveIds_SpreadEvenly()
    {
        const int RowCount = 1000;
        long[] ids = [.. Enumerable.Range(0, 1_000_000).Select(i => (long)i)];
        long[] rows = new long[ids.Length];
        RowHash.Address(ids, RowHash.Salt(1, "f", 0), RowCount, rows);

        // χ² of 999 degrees of freedom has mean 999 and standard deviation √1998 ≈ 45.
        double expected = (double)ids.Length / RowCount;
        double chiSquare = rows.CountBy(r => r).Sum(r => (r.Value - expected) * (r.Value - expected) / expected);
        Assert.InRange(chiSquare, 999 - (4 * 45), 999 + (4 * 45));
    }
}
