using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class InitializerScalingTests
{
    private const double Bound = 0.02;
    private const int Draws = 1000;

    [Theory]
    [InlineData("double_hash", "")]
    [InlineData("double_hash", "hashes=4")]
    [InlineData("double_hash", "combine=mean")]
    [InlineData("double_hash", "combine=concat")]
    [InlineData("hash", "")]
    [InlineData("adapt", "")]
    [InlineData("bloom", "")]
    [InlineData("bloom", "hashes=3 combine=mean signs=random")]
    [InlineData("hash_embedding", "")]
    [InlineData("hash_embedding", "hashes=3")]
    [InlineData("spacy", "")]
    [InlineData("qr", "")]
    [InlineData("qr", "combine=add")]
    [InlineData("qr", "combine=concat")]
    [InlineData("memcom", "")]
    [InlineData("memcom", "bias=true")]
    [InlineData("unified", "")]
    [InlineData("unified", "tables=3")]
    [InlineData("qr", "parts=3")]
    [InlineData("qr", "parts=4 combine=add")]
    [InlineData("robe", "block=3")]
    [InlineData("hashed_nets", "")]
    [InlineData("tt_rec", "")]
    [InlineData("dhe", "layers=1 hashes=20")]
    [InlineData("dhe", "activation=relu hashes=20")]
    [InlineData("path", "hidden=4")]
    [InlineData("path", "hidden=2 parts=3")]
    [InlineData("low_dimension", "projection=per_field")]
    [InlineData("mixed_dimension", "")]
    [InlineData("mixed_dimension", "round=none")]
    public void Build_ComposedVectors_StartWithTheVarianceOfAFullTable(string name, string options)
    {
        // Some methods share a few rows among all ids, so the variance shows only over many draws of the tables.
        foreach (Initializer target in new[] { Initializer.Uniform(Bound), Initializer.Normal(Bound) })
        {
            EmbeddingField field = new("f", 600);
            MethodLayout layout = EmbeddingMethods.Get(name).Build(
                MethodCases.Request(options, 8, Budget.OfFraction(0.5), [field, new("small", 6)]) with { Initializer = _ => target });
            var random = new Random(5);
            double sum = 0;
            double squares = 0;
            for (int draw = 0; draw < Draws; draw++)
            {
                var vectors = new ReferenceVectors(name, options, layout, Draw(layout.Tables, random));
                double[] numbers = [.. Enumerable.Range(0, 40).SelectMany(i => vectors.Vector(field, 15 * i))];
                sum += numbers.Average();
                squares += numbers.Average(x => x * x);
            }

            double expected = target.StandardDeviation();
            Assert.InRange(Math.Sqrt(squares / Draws) / expected, 0.97, 1.03);
            Assert.InRange(sum / Draws / expected, -0.03, 0.03);
        }
    }

    [Theory]
    [InlineData("double_hash", "")]
    [InlineData("double_hash", "combine=mean")]
    [InlineData("bloom", "")]
    [InlineData("hash_embedding", "")]
    [InlineData("spacy", "")]
    [InlineData("qr", "")]
    [InlineData("qr", "combine=add")]
    [InlineData("qr", "combine=concat")]
    [InlineData("qr", "parts=3")]
    [InlineData("path", "")]
    public void Build_ConstantStart_KeepsTheConstant(string name, string options)
    {
        EmbeddingField field = new("f", 100);
        MethodLayout layout = EmbeddingMethods.Get(name).Build(
            MethodCases.Request(options, 2, Budget.OfFraction(0.5), [field]) with { Initializer = _ => new Initializer(InitialDistribution.Constant, 0.25f) });
        var vectors = new ReferenceVectors(name, options, layout, Draw(layout.Tables, new Random(5)));

        Assert.All(vectors.Vector(field, 17), x => Assert.Equal(0.25, x, 6));
    }

    [Fact]
    public void ForProduct_Zero_LeavesOneFactorThatPassesGradients()
    {
        var (first, second) = Initializer.Zero.ForProduct();

        Assert.Equal(Initializer.Zero, first);
        Assert.Equal(new Initializer(InitialDistribution.Constant, 1), second);
    }

    [Fact]
    public void ForShared_DifferentRules_HasTheMeanVariance()
    {
        Initializer shared = InitializerScaling.ForShared([Initializer.Normal(3), Initializer.Normal(4)]);

        Assert.Equal(InitialDistribution.Normal, shared.Distribution);
        Assert.Equal(Math.Sqrt(12.5), shared.Scale, 5);
    }

    private static double[][] Draw(IReadOnlyList<TableSpec> tables, Random random)
        => [.. tables.Select(t => Enumerable.Range(0, (int)(t.RowCount * t.Width)).Select(_ => Draw(random, t.Initializer)).ToArray())];

    private static double Draw(Random random, Initializer rule) => rule.Distribution switch
    {
        InitialDistribution.Constant => rule.Scale,
        InitialDistribution.Uniform => rule.Scale * ((2 * random.NextDouble()) - 1),
        InitialDistribution.Normal => rule.Scale * Normal(random),
        _ => rule.Scale * Outside(random) / 2.397171471890503,
    };

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    // A normal number at least two standard deviations from 0, of any sign.
    private static double Outside(Random random)
    {
        double z = Normal(random);
        while (Math.Abs(z) < 2)
            z = Normal(random);
        return z;
    }
}
