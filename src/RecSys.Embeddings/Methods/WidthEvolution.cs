using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Evolutionary search for one width per field: in every generation the fittest of all candidates so far become parents, and children
/// are made of them by mutation (each width is drawn anew with a probability of 0.1) and by crossover at one field.
/// </summary>
/// <remarks>Lyu et al., "OptEmbed: Learning Optimal Embedding Table for Click-through Rate Prediction", CIKM 2022. Not thread-safe.</remarks>
internal sealed class WidthEvolution(int fieldCount, int most, ulong seed)
{
    private const int Parents = 15;
    private const int Mutations = 10;
    private const int Crossovers = 10;
    private const double MutationRate = 0.1;

    private ulong _drawn;

    /// <summary>The fittest candidate of all generations; of equally fit ones the first.</summary>
    /// <param name="first">Widths to begin with, which must be fit for use: they are what is found where nothing else is.</param>
    /// <param name="generations">Generations after the first one, which is random but for <paramref name="first"/>.</param>
    /// <param name="fitness">Fitness of one width per field; it is asked once per candidate.</param>
    public int[] Run(int[] first, int generations, Func<int[], double> fitness)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        List<(int[] Widths, double Fitness)> ranked = [];
        Rank([first, .. Enumerable.Range(1, Mutations + Crossovers - 1).Select(_ => Random())]);
        for (int generation = 0; generation < generations; generation++)
        {
            int[][] parents = [.. ranked.Take(Parents).Select(c => c.Widths)];
            Rank([.. Enumerable.Range(0, Mutations).Select(_ => Mutate(Any(parents))), .. Enumerable.Range(0, Crossovers).Select(_ => Cross(Any(parents), Any(parents)))]);
        }

        return ranked[0].Widths;

        // Sorting is stable, so a candidate is only overtaken by a fitter one.
        void Rank(int[][] candidates)
        {
            foreach (int[] candidate in candidates.Where(c => known.Add(string.Join(' ', c))))
                ranked.Add((candidate, fitness(candidate)));
            ranked = [.. ranked.OrderByDescending(c => c.Fitness)];
        }
    }

    private int[] Random() => [.. Enumerable.Range(0, fieldCount).Select(_ => 1 + Draw(most))];

    private int[] Mutate(int[] parent) => [.. parent.Select(width => Draw(1_000_000) < MutationRate * 1_000_000 ? 1 + Draw(most) : width)];

    private int[] Cross(int[] first, int[] second)
    {
        int point = fieldCount == 1 ? 0 : 1 + Draw(fieldCount - 1);
        return [.. first[..point], .. second[point..]];
    }

    private int[] Any(int[][] parents) => parents[Draw(parents.Length)];

    // 0 … below − 1.
    private int Draw(int below) => (int)(RowHash.Mix(seed + _drawn++) % (ulong)below);
}
