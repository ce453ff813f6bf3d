using RecSys.Embeddings.Optimizers;
using RecSys.Torch;

namespace RecSys.Training.Tests.Gradients;

/// <summary>
/// The sparse optimisers in libtorch's operators and in double precision, as in torch.optim's SGD, Adagrad and SparseAdam; they
/// read the gradient that autograd has summed over all occurrences of a row.
/// </summary>
internal sealed class TorchSparseOptimizer(string name, SparseOptimizerOptions options)
{
    private static readonly Operator s_indexCopy = new("aten::index_copy_");

    private readonly Dictionary<string, (Tensor First, Tensor Second)> _states = [];
    private int _step;

    /// <summary>Updates the rows that were read.</summary>
    public void Step(TorchLookup lookup)
    {
        using var noGrad = torch.no_grad();
        _step++;
        foreach ((string key, var table) in lookup.Tables)
        {
            if (!_states.TryGetValue(key, out var state))
                _states.Add(key, state = FirstState(table));
            var rows = lookup.Touched(key);
            if (rows.numel == 0)
                continue;

            var (first, second) = (state.First.index_select(0, rows), state.Second.index_select(0, rows));
            var next = Update(table.index_select(0, rows), table.grad!.index_select(0, rows), ref first, ref second);
            s_indexCopy.Run(state.First, 0, rows, first);
            s_indexCopy.Run(state.Second, 0, rows, second);
            s_indexCopy.Run(table, 0, rows, next);
        }
    }

    // The first z of FTRL is the one whose weight, without L1, is the row's first value.
    private (Tensor First, Tensor Second) FirstState(Tensor table)
    {
        double accumulator = name == "lazy_adam" ? 0 : options.InitialAccumulator;
        double scale = ((options.Beta + Math.Sqrt(accumulator)) / options.LearningRate) + options.L2;
        long columns = name == "row_wise_adagrad" ? 1 : table.shape[1];
        return (torch.full([table.shape[0], columns], accumulator, torch.float64), name == "ftrl" ? table * -scale : torch.zeros_like(table));
    }

    private Tensor Update(Tensor w, Tensor g, ref Tensor first, ref Tensor second)
    {
        if (name == "ftrl")
            return Ftrl(w, g, ref first, ref second);
        g += options.L2 * w;
        switch (name)
        {
            case "sgd":
                return w - (options.LearningRate * g);
            case "adagrad":
                first += g.square();
                return w - (options.LearningRate * g / (first.sqrt() + options.Epsilon));
            case "row_wise_adagrad":
                first += g.square().mean(1, keepdim: true);
                return w - (options.LearningRate * g / (first.sqrt() + options.Epsilon));
            case "lazy_adam":
                first = (options.Beta1 * first) + ((1 - options.Beta1) * g);
                second = (options.Beta2 * second) + ((1 - options.Beta2) * g.square());
                double stepSize = options.LearningRate * Math.Sqrt(1 - Math.Pow(options.Beta2, _step)) / (1 - Math.Pow(options.Beta1, _step));
                return w - (stepSize * first / (second.sqrt() + options.Epsilon));
            default:
                throw new InvalidOperationException($"The tests have no definition of optimiser '{name}' in libtorch.");
        }
    }

    private Tensor Ftrl(Tensor w, Tensor g, ref Tensor n, ref Tensor z)
    {
        var grown = n + g.square();
        z = z + g - ((grown.sqrt() - n.sqrt()) / options.LearningRate * w);
        n = grown;
        var weight = (z - (z.sign() * options.L1)).neg() / (((n.sqrt() + options.Beta) / options.LearningRate) + options.L2);
        return torch.where(z.abs().le(options.L1), torch.zeros_like(weight), weight);
    }
}
