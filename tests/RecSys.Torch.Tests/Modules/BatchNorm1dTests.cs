using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class BatchNorm1dTests : IDisposable
{
    private const double Eps = 1e-3;

    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly BatchNorm1d _norm = torch.nn.BatchNorm1d(2, Eps, momentum: 0.25);

    public void Dispose()
    {
        _norm.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Forward_Training_NormalisesColumnsAndUpdatesAverages()
    {
        Tensor x = torch.tensor([1f, 10, 3, 30, 5, 20], [3, 2]);
        double first = 8.0 / 3, second = 200.0 / 3;
        double[] expected =
        [
            -2 / Math.Sqrt(first + Eps), -10 / Math.Sqrt(second + Eps),
            0, 10 / Math.Sqrt(second + Eps),
            2 / Math.Sqrt(first + Eps), 0,
        ];
        TensorAssert.Near(expected, _norm.forward(x).detach(), 1e-5);
        OrderedDictionary<string, Tensor> state = _norm.state_dict();
        TensorAssert.Near([0.75, 5], state["running_mean"], 1e-5);
        TensorAssert.Near([0.75 + 0.25 * 4, 0.75 + 0.25 * 100], state["running_var"], 1e-5);
        TensorAssert.Equal([1], state["num_batches_tracked"]);
    }

    [Fact]
    public void Forward_Evaluation_UsesAveragesAndLeavesThem()
    {
        OrderedDictionary<string, Tensor> state = _norm.state_dict();
        state["running_mean"].copy_(torch.tensor([1f, 2]));
        state["running_var"].copy_(torch.tensor([4f, 9]));
        _norm.eval();
        Tensor y = _norm.forward(torch.tensor([3f, 5, -1, 2], [2, 2])).detach();
        TensorAssert.Near([2 / Math.Sqrt(4 + Eps), 3 / Math.Sqrt(9 + Eps), -2 / Math.Sqrt(4 + Eps), 0], y, 1e-5);
        TensorAssert.Equal([1, 2], state["running_mean"]);
        TensorAssert.Equal([0], state["num_batches_tracked"]);
    }

    [Fact]
    public void Backward_AllInputs_EqualsDifferences()
        => GradientCheck.Compare(
            x => torch.nn.functional.batch_norm(x[0], null, null, x[1], x[2], training: true),
            GradientCheck.Input(1, 5, 3),
            GradientCheck.Input(2, 3),
            GradientCheck.Input(3, 3));

    [Fact]
    public void Constructor_WithoutAffine_HasNoParameters()
    {
        using BatchNorm1d plain = torch.nn.BatchNorm1d(2, affine: false);
        Assert.Empty(plain.parameters());
        Assert.Equal(["running_mean", "running_var", "num_batches_tracked"], plain.named_buffers().Select(entry => entry.name));
    }
}
