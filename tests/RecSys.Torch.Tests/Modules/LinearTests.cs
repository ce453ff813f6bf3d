using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class LinearTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Forward_Batch_EqualsNaiveLoops()
    {
        torch.manual_seed(1);
        using Linear linear = torch.nn.Linear(3, 2);
        linear.to(torch.float64);
        Tensor x = GradientCheck.Input(1, 4, 3);
        double[] input = x.ToArray<double>();
        double[] weight = linear.weight.ToArray<double>();
        double[] bias = linear.bias!.ToArray<double>();
        double[] expected = new double[8];
        for (int row = 0; row < 4; row++)
        {
            for (int output = 0; output < 2; output++)
            {
                expected[row * 2 + output] = bias[output];
                for (int k = 0; k < 3; k++)
                    expected[row * 2 + output] += input[row * 3 + k] * weight[output * 3 + k];
            }
        }

        TensorAssert.Near(expected, linear.forward(x), 1e-12);
    }

    [Fact]
    public void Backward_AllInputs_EqualsDifferences()
        => GradientCheck.Compare(
            x => torch.nn.functional.linear(x[0], x[1], x[2]),
            GradientCheck.Input(2, 4, 3),
            GradientCheck.Input(3, 2, 3),
            GradientCheck.Input(4, 2));

    [Fact]
    public void Constructor_FirstValues_AreUniformWithPyTorchsBound()
    {
        torch.manual_seed(1);
        using Linear linear = torch.nn.Linear(400, 100);
        foreach (Tensor parameter in linear.parameters())
        {
            Assert.True(parameter.requires_grad);
            Assert.InRange(parameter.detach().abs().max().item<float>(), 0.045f, 0.05f);
        }

        // Variance of the uniform distribution in ±b is b²/3.
        TensorAssert.Near([0.05 * 0.05 / 3], linear.weight.detach().var(), 1e-4);
    }

    [Fact]
    public void Constructor_WithoutBias_HasOneParameter()
    {
        using Linear linear = torch.nn.Linear(3, 2, hasBias: false);
        Assert.Null(linear.bias);
        Assert.Equal(["weight"], linear.named_parameters().Select(entry => entry.name));
        TensorAssert.Equal([0, 0], linear.forward(torch.zeros([1, 3])).detach());
    }

    [Fact]
    public void Constructor_NoInputs_Throws()
        => Assert.Throws<ArgumentOutOfRangeException>(() => torch.nn.Linear(0, 2));
}
