namespace RecSys.Torch.Tests;

/// <summary>Compares gradients of autograd with central differences, in double precision.</summary>
internal static class GradientCheck
{
    private const double Step = 1e-6;
    private const double Tolerance = 1e-6;

    /// <summary>Checks a function of several inputs; its result is weighted and summed to a number.</summary>
    public static void Compare(Func<Tensor[], Tensor> function, params Tensor[] inputs)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        foreach (Tensor input in inputs)
            input.requires_grad_();
        Loss(function, inputs).backward();
        for (int i = 0; i < inputs.Length; i++)
            TensorAssert.Near(Differences(function, inputs, i), inputs[i].grad!, Tolerance);
    }

    /// <summary>Random numbers in double precision, away from 0 where functions have kinks.</summary>
    public static Tensor Input(int seed, params long[] shape)
    {
        Random random = new(seed);
        double[] values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (0.2 + random.NextDouble()) * (random.Next(2) * 2 - 1);
        return torch.tensor(values, shape);
    }

    private static double[] Differences(Func<Tensor[], Tensor> function, Tensor[] inputs, int index)
    {
        using IDisposable noGrad = torch.no_grad();
        double[] result = new double[inputs[index].numel];
        for (int i = 0; i < result.Length; i++)
        {
            double center = inputs[index].Data<double>()[i];
            inputs[index].Data<double>()[i] = center + Step;
            double above = Loss(function, inputs).item<double>();
            inputs[index].Data<double>()[i] = center - Step;
            double below = Loss(function, inputs).item<double>();
            inputs[index].Data<double>()[i] = center;
            result[i] = (above - below) / (2 * Step);
        }

        return result;
    }

    // Different weights for all elements, so that errors cannot cancel.
    private static Tensor Loss(Func<Tensor[], Tensor> function, Tensor[] inputs)
    {
        Tensor result = function(inputs).flatten();
        Tensor weights = torch.arange(1, result.numel + 1, dtype: torch.float64).sin() + 1.5;
        return (result * weights).sum();
    }
}
