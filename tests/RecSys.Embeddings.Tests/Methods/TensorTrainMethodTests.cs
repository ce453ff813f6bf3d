using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class TensorTrainMethodTests
{
    // The row factors and sizes of the paper's Criteo tables.
    [Theory]
    [InlineData(10_131_227, 200, 220, 250, 135_040, 495_360, 1_891_840)]
    [InlineData(8_351_593, 200, 200, 209, 122_176, 449_152, 1_717_504)]
    [InlineData(7_046_547, 200, 200, 200, 121_600, 448_000, 1_715_200)]
    [InlineData(5_461_306, 166, 175, 188, 106_944, 393_088, 1_502_976)]
    [InlineData(2_202_608, 125, 130, 136, 79_264, 291_648, 1_115_776)]
    [InlineData(286_181, 53, 72, 75, 43_360, 160_448, 615_808)]
    [InlineData(142_572, 50, 52, 55, 31_744, 116_736, 446_464)]
    public void NumberCount_PublishedFactors_HasThePublishedSize(long vocabulary, long first, long second, long third, long rank16, long rank32, long rank64)
    {
        var shape = new TensorTrainShape([first, second, third], [2, 2, 4]);

        Assert.True(first * second * third >= vocabulary);
        Assert.Equal([rank16, rank32, rank64], new[] { 16, 32, 64 }.Select(shape.NumberCount));
        Assert.InRange(TensorTrainShape.Of(vocabulary, 16).NumberCount(32), 0.9 * rank32, 1.1 * rank32);
    }

    [Theory]
    [InlineData("criteo", 376, 268_937_520, 4)]
    [InlineData("criteo", 157, 53_966_942, 6)]
    [InlineData("criteo", 46, 5_389_420, 12)]
    [InlineData("criteo", 13, 515_106, 18)]
    [InlineData("avazu", 336, 75_259_184, 2)]
    [InlineData("avazu", 147, 15_002_204, 2)]
    [InlineData("avazu", 40, 1_465_136, 6)]
    [InlineData("avazu", 11, 141_838, 11)]
    public void NumberCount_OneRankForAllFields_HasTheKnownSize(string dataset, int rank, long numbers, int trains)
    {
        var sizes = GoldenFields.Of(dataset).Select(f => (Full: f.VocabularySize * 16, Train: TensorTrainShape.Of(f.VocabularySize, 16).NumberCount(rank))).ToList();

        Assert.Equal(numbers, sizes.Sum(s => Math.Min(s.Full, s.Train)));
        Assert.Equal(trains, sizes.Count(s => s.Train < s.Full));
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(7, 1, 1, 7)]
    [InlineData(8, 2, 2, 2)]
    [InlineData(12, 2, 2, 3)]
    [InlineData(15, 1, 3, 5)]
    [InlineData(16, 2, 2, 4)]
    [InlineData(32, 2, 4, 4)]
    [InlineData(64, 4, 4, 4)]
    [InlineData(200, 5, 5, 8)]
    public void Of_Dimension_HasBalancedFactors(int dimension, int first, int second, int third)
    {
        Assert.Equal([first, second, third], TensorTrainShape.Of(1_000, dimension).ColumnFactors);
        Assert.Equal([first, second, third], TensorTrainDefinition.Factors(dimension));
    }

    [Fact]
    public void Of_EveryField_FollowsThePublishedRule()
    {
        foreach (EmbeddingField field in GoldenFields.Criteo)
        {
            double n = field.VocabularySize;
            long third = (long)Math.Ceiling(Math.Round(Math.Cbrt(n), 9));
            long second = (long)Math.Ceiling(Math.Round(Math.Sqrt(n / third), 9));
            long first = (long)Math.Ceiling(n / third / second);

            Assert.Equal([first, second, third], TensorTrainShape.Of(field.VocabularySize, 16).RowFactors);
        }
    }

    [Theory]
    [InlineData(1_000, "")]
    [InlineData(999, "hot=17")]
    [InlineData(4_321, "hot=1")]
    public void Address_EveryId_HasItsOwnRows(int vocabulary, string options)
    {
        MethodLayout layout = MethodCases.Build("tt_rec", options, 16, 0.3, [new("f", vocabulary)]);
        var rows = layout.Fields[0].Sources.Where(s => !s.IsCode).Select(s => Rows(s, vocabulary)).ToList();

        Assert.Equal(vocabulary, Enumerable.Range(0, vocabulary).Select(id => string.Join(' ', rows.Select(r => r[id]))).Distinct().Count());
    }

    [Fact]
    public void Address_HotIds_TouchNoMatrixOfTheOthers()
    {
        MethodLayout layout = MethodCases.Build("tt_rec", "hot=17", 16, 0.3, [new("f", 1_000)]);
        foreach (RowSource source in layout.Fields[0].Sources.Take(3))
        {
            long[] rows = Rows(source, 1_000);
            long spare = layout.Tables[source.Table].RowCount - 1;

            Assert.All(rows.Take(17), r => Assert.Equal(spare, r));
            Assert.All(rows.Skip(17), r => Assert.InRange(r, 0, spare - 1));
        }
    }

    [Fact]
    public void Build_MoreHotIdsThanAField_StoresItInFull()
        => Assert.Single(MethodCases.Build("tt_rec", "hot=100", 16, 0.5, [new("small", 90), new("large", 10_000)]).Fields[0].Sources);

    // Rank n₁·n₂: the first two digits select one row of the third core, whose matrices hold any table.
    [Fact]
    public void Forward_LargeRank_ReproducesAnyTable()
    {
        const int Digits = 2;
        const int Columns = 3;
        const int Rank = Digits * Digits;
        float[] first = new float[Digits * Rank];
        float[] second = new float[Digits * Rank * Rank];
        float[] third = new float[Digits * Columns * Rank];
        float[] table = [.. Enumerable.Range(1, 8 * Columns).Select(i => (float)i)];
        for (int a = 0; a < Digits; a++)
        {
            first[(a * Rank) + a] = 1;
            for (int b = 0; b < Digits; b++)
            {
                second[(((b * Rank) + a) * Rank) + (a * Digits) + b] = 1;
                for (int i = 0; i < Digits * Columns; i++)
                    third[(i * Rank) + (a * Digits) + b] = table[(((a * Digits) + b) * Digits * Columns) + i];
            }
        }

        int[] ids = [.. Enumerable.Range(0, 8)];
        SourceRows[] sources =
        [
            Rows(first, Rank, id => id / 4), Rows(second, Rank * Rank, id => id / 2 % 2), Rows(third, Columns * Rank, id => id % 2),
        ];
        var vectors = new float[table.Length];
        new TensorTrainCombination([1, 1, Columns], Rank, hot: 0).Forward(sources, 8, vectors, Columns);

        Assert.Equal(table, vectors);

        SourceRows Rows(float[] core, int width, Func<int, int> digit) => new([.. ids.SelectMany(id => core.AsSpan(digit(id) * width, width).ToArray())], width, ids, 8);
    }

    [Fact]
    public void Build_ConstantStart_LeavesOneCoreAtZero()
    {
        MethodLayout layout = EmbeddingMethods.Get("tt_rec").Build(MethodCases.Request("", 4, Budget.OfFraction(0.5), [new("f", 1_000)]) with
        {
            Initializer = _ => Initializer.Zero,
        });

        Assert.Equal([false, false, true], layout.Tables.Select(t => t.Initializer == Initializer.Zero));
    }

    private static long[] Rows(RowSource source, int vocabulary)
    {
        var rows = new long[vocabulary];
        source.Addressing!.Address([.. Enumerable.Range(0, vocabulary)], rows);
        return rows;
    }
}
