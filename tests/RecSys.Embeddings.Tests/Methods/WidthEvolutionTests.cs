using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class WidthEvolutionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Run_FitnessWithOneSummit_ClimbsIt(int fieldCount)
    {
        int[] summit = [.. Enumerable.Range(0, fieldCount).Select(f => 1 + (f * 5 % 16))];

        int[] found = new WidthEvolution(fieldCount, most: 16, seed: 3).Run(Full(fieldCount, 16), generations: 100, widths => -Distance(widths, summit));

        Assert.Equal(summit, found);
    }

    [Fact]
    public void Run_AnyFitness_ReturnsTheFittestThatWasAskedForAndAsksOnce()
    {
        Dictionary<string, double> asked = [];
        var random = new Random(4);

        int[] found = new WidthEvolution(fieldCount: 3, most: 4, seed: 1).Run(Full(3, 4), generations: 20, widths =>
        {
            double fitness = random.NextDouble();
            asked.Add(string.Join(' ', widths), fitness);
            Assert.All(widths, w => Assert.InRange(w, 1, 4));
            return fitness;
        });

        Assert.Equal(asked.Values.Max(), asked[string.Join(' ', found)]);
    }

    [Fact]
    public void Run_EquallyFitCandidates_KeepsTheFirst()
        => Assert.Equal([8, 2, 8], new WidthEvolution(fieldCount: 3, most: 8, seed: 1).Run([8, 2, 8], generations: 5, _ => 1));

    [Fact]
    public void Run_SameSeed_FindsTheSame()
    {
        int[] Found(ulong seed) => new WidthEvolution(fieldCount: 6, most: 64, seed).Run(Full(6, 64), generations: 2, widths => -Distance(widths, [9, 50, 3, 27, 64, 1]));

        Assert.Equal(Found(5), Found(5));
        Assert.NotEqual(Found(5), Found(6));
    }

    private static int[] Full(int fieldCount, int width) => [.. Enumerable.Repeat(width, fieldCount)];

    private static double Distance(int[] first, int[] second) => first.Zip(second, (x, y) => Math.Abs(x - y)).Sum();
}
