using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class LayerNormTests
{
    [Fact]
    public void Forward_Rows_HaveMeanZeroAndVarianceOne()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using LayerNorm norm = torch.nn.LayerNorm(3, eps: 0.5);
        Tensor y = norm.forward(torch.tensor([1f, 3, 5, 2, 2, 2], [2, 3])).detach();
        double deviation = Math.Sqrt(8.0 / 3 + 0.5);
        TensorAssert.Near([-2 / deviation, 0, 2 / deviation, 0, 0, 0], y, 1e-6);
    }

    [Fact]
    public void Backward_AllInputs_EqualsDifferences()
        => GradientCheck.Compare(
            x => torch.nn.functional.layer_norm(x[0], [3], x[1], x[2]),
            GradientCheck.Input(1, 4, 3),
            GradientCheck.Input(2, 3),
            GradientCheck.Input(3, 3));
}
