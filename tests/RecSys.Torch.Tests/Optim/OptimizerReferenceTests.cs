using RecSys.Torch.Optim;

namespace RecSys.Torch.Tests.Optim;

/// <summary>Every optimiser against its formula in double precision, element by element.</summary>
public sealed class OptimizerReferenceTests
{
    private const int StepCount = 30;
    private const double Tolerance = 1e-11;

    private static readonly double[] s_start = [0.5, -1.2, 2.0, 0.01, -0.3];

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static Dictionary<string, (Func<Tensor, Optimizer> Make, Func<Rule> Reference)> Cases { get; } = new()
    {
        ["sgd"] = (p => new SGD([p], 0.1), () => new SgdRule(0.1, 0, 0)),
        ["sgd momentum decay"] = (p => new SGD([p], 0.1, 0.9, 0.01), () => new SgdRule(0.1, 0.9, 0.01)),
        ["adam"] = (p => new Adam([p], 0.05), () => new AdamReference(0.05, 0.9, 0.999, 1e-8, 0, 0)),
        ["adam betas decay"] = (p => new Adam([p], 0.05, 0.8, 0.95, 1e-4, 0.02), () => new AdamReference(0.05, 0.8, 0.95, 1e-4, 0.02, 0)),
        ["adamw"] = (p => new AdamW([p], 0.05, weightDecay: 0.1), () => new AdamReference(0.05, 0.9, 0.999, 1e-8, 0, 0.1)),
        ["adagrad"] = (p => new Adagrad([p], 0.1), () => new AdagradReference(0.1, 0, 0, 0, 1e-10)),
        ["adagrad all options"] = (p => new Adagrad([p], 0.1, 0.05, 0.01, 0.3, 1e-6), () => new AdagradReference(0.1, 0.05, 0.01, 0.3, 1e-6)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_ThirtySteps_EqualsFormula(string name)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor parameter = torch.tensor(s_start).requires_grad_();
        using Optimizer optimizer = Cases[name].Make(parameter);
        Rule[] rules = [.. s_start.Select(_ => Cases[name].Reference())];
        double[] expected = [.. s_start];
        for (int step = 1; step <= StepCount; step++)
        {
            optimizer.zero_grad();
            Loss(parameter, step).backward();
            optimizer.step();
            for (int i = 0; i < expected.Length; i++)
                expected[i] = rules[i].Next(expected[i], Gradient(expected[i], step));
            TensorAssert.Near(expected, parameter.detach(), Tolerance);
        }
    }

    // Gradients that change from step to step: of x⁴/4 + sin(step)·x.
    private static Tensor Loss(Tensor x, int step) => (x.pow(4) / 4 + x * Math.Sin(step)).sum();

    private static double Gradient(double x, int step) => x * x * x + Math.Sin(step);

    private abstract class Rule
    {
        protected int Step { get; private set; }

        public double Next(double x, double gradient)
        {
            Step++;
            return Update(x, gradient);
        }

        protected abstract double Update(double x, double gradient);
    }

    private sealed class SgdRule(double rate, double momentum, double decay) : Rule
    {
        private double _buffer;

        protected override double Update(double x, double gradient)
        {
            _buffer = momentum * _buffer + gradient + decay * x;
            return x - rate * _buffer;
        }
    }

    private sealed class AdamReference(double rate, double beta1, double beta2, double eps, double penalty, double decay) : Rule
    {
        private double _mean;
        private double _square;

        protected override double Update(double x, double gradient)
        {
            gradient += penalty * x;
            x -= rate * decay * x;
            _mean = beta1 * _mean + (1 - beta1) * gradient;
            _square = beta2 * _square + (1 - beta2) * gradient * gradient;
            double mean = _mean / (1 - Math.Pow(beta1, Step));
            double square = _square / (1 - Math.Pow(beta2, Step));
            return x - rate * mean / (Math.Sqrt(square) + eps);
        }
    }

    private sealed class AdagradReference(double rate, double rateDecay, double penalty, double initial, double eps) : Rule
    {
        private double _sum = initial;

        protected override double Update(double x, double gradient)
        {
            gradient += penalty * x;
            _sum += gradient * gradient;
            return x - rate / (1 + (Step - 1) * rateDecay) * gradient / (Math.Sqrt(_sum) + eps);
        }
    }
}
