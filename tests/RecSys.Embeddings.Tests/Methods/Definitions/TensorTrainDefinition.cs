namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class TensorTrainDefinition : MethodDefinition
{
    public override string Name => "tt_rec";

    public override string[] Variants => ["", "hot=5"];

    // The spare rows weigh much in tables of single numbers.
    public override double[] Budgets(string options, int dimension)
        => dimension == 1 && options.Length > 0 ? [1, 0.5] : base.Budgets(options, dimension);

    public override double[] Vector(DefinitionRows rows, long id)
    {
        int hot = rows.Number("hot", 0);
        int spare = hot == 0 ? 0 : 1;
        long cold = Math.Max(0, id - hot);
        long[] digits = new long[3];
        for (int core = 2; core >= 0; core--)
        {
            long radix = rows.RowCount($"core_{core + 1}") - spare;
            digits[core] = id < hot ? radix : cold % radix;
            cold /= radix;
        }

        // An id that has a row of its own reads the spare rows of the cores, and the others the spare row of those.
        double[][] matrices = [.. digits.Select((digit, core) => rows.Row($"core_{core + 1}", digit))];
        double[] own = hot == 0 ? [] : rows.Row("hot", Math.Min(id, hot));
        return id < hot ? own : Product(matrices, Factors(rows.Dimension));
    }

    /// <summary>d₁ ≤ d₂ ≤ d₃ with the product d and the smallest sum.</summary>
    public static int[] Factors(int dimension)
    {
        int[] best = [1, 1, dimension];
        for (int first = 1; first <= dimension; first++)
        {
            for (int second = first; first * second <= dimension; second++)
            {
                int third = dimension / (first * second);
                if (first * second * third == dimension && third >= second && first + second + third < best.Sum())
                    best = [first, second, third];
            }
        }

        return best;
    }

    private static double[] Product(double[][] matrices, int[] columns)
    {
        int rank = matrices[0].Length / columns[0];
        List<double> vector = [];
        for (int a = 0; a < columns[0]; a++)
        {
            for (int b = 0; b < columns[1]; b++)
            {
                for (int c = 0; c < columns[2]; c++)
                {
                    double sum = 0;
                    for (int r = 0; r < rank; r++)
                    {
                        for (int s = 0; s < rank; s++)
                            sum += matrices[0][(a * rank) + r] * matrices[1][(((r * columns[1]) + b) * rank) + s] * matrices[2][(c * rank) + s];
                    }

                    vector.Add(sum);
                }
            }
        }

        return [.. vector];
    }
}
