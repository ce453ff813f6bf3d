using RecSys.Embeddings.Optimizers;

namespace RecSys.Embeddings.Tests;

/// <summary>The update rules of the papers in double precision, one row at a time.</summary>
internal sealed class ReferenceOptimizer(string name, SparseOptimizerOptions options)
{
    private readonly Dictionary<(int Table, long Row), double[][]> _states = [];

    public int Step { get; set; }

    /// <summary>Updates a row in place.</summary>
    public void Update((int Table, long Row) key, Span<double> row, ReadOnlySpan<double> gradient)
    {
        if (!_states.TryGetValue(key, out double[][]? state))
            _states.Add(key, state = FirstState(row.ToArray()));
        double[] penalised = gradient.ToArray();
        for (int i = 0; i < penalised.Length; i++)
            penalised[i] += name == "ftrl" ? 0 : options.L2 * row[i];
        double meanSquare = penalised.Average(g => g * g);
        for (int i = 0; i < row.Length; i++)
            row[i] = Next(row[i], penalised[i], meanSquare, ref state[0][i], ref state[1][i]);
    }

    // The first z of FTRL is the one whose weight, without L1, is the row's first value: w = −z / ((β + √n)/α + λ₂).
    private double[][] FirstState(double[] row)
    {
        double accumulator = name == "lazy_adam" ? 0 : options.InitialAccumulator;
        double scale = ((options.Beta + Math.Sqrt(accumulator)) / options.LearningRate) + options.L2;
        return [[.. row.Select(_ => accumulator)], [.. row.Select(w => name == "ftrl" ? -w * scale : 0)]];
    }

    private double Next(double w, double g, double meanSquare, ref double first, ref double second)
    {
        double rate = options.LearningRate;
        switch (name)
        {
            case "sgd":
                return w - (rate * g);
            case "adagrad":
                first += g * g;
                return w - (rate * g / (Math.Sqrt(first) + options.Epsilon));
            case "row_wise_adagrad":
                first += meanSquare;
                return w - (rate * g / (Math.Sqrt(first) + options.Epsilon));
            case "lazy_adam":
                first = (options.Beta1 * first) + ((1 - options.Beta1) * g);
                second = (options.Beta2 * second) + ((1 - options.Beta2) * g * g);
                double correction = Math.Sqrt(1 - Math.Pow(options.Beta2, Step)) / (1 - Math.Pow(options.Beta1, Step));
                return w - (rate * correction * first / (Math.Sqrt(second) + options.Epsilon));
            case "ftrl":
                double sigma = (Math.Sqrt(first + (g * g)) - Math.Sqrt(first)) / rate;
                second += g - (sigma * w);
                first += g * g;
                return Math.Abs(second) <= options.L1
                    ? 0
                    : -(second - (Math.Sign(second) * options.L1)) / (((options.Beta + Math.Sqrt(first)) / rate) + options.L2);
            default:
                throw new InvalidOperationException($"The tests have no definition of optimiser '{name}'.");
        }
    }
}
