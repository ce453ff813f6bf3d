namespace RecSys.Torch.Tests;

public sealed class TensorOperatorsTests
{
    [Fact]
    public void Operators_TwoTensors_WorkElementwise()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([6f, 8]);
        Tensor b = torch.tensor([3f, 2]);
        TensorAssert.Equal([9, 10], a + b);
        TensorAssert.Equal([3, 6], a - b);
        TensorAssert.Equal([18, 16], a * b);
        TensorAssert.Equal([2, 4], a / b);
        TensorAssert.Equal([-6, -8], -a);
    }

    [Fact]
    public void Operators_Numbers_WorkOnBothSides()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([2f, 4]);
        TensorAssert.Equal([3, 5], a + 1);
        TensorAssert.Equal([3, 5], 1 + a);
        TensorAssert.Equal([1.5f, 3.5f], a - 0.5);
        TensorAssert.Equal([8, 6], 10 - a);
        TensorAssert.Equal([4, 8], a * 2f);
        TensorAssert.Equal([4, 8], 2L * a);
        TensorAssert.Equal([1, 2], a / 2);
        TensorAssert.Equal([4, 2], 8 / a);
    }

    [Fact]
    public void Operators_WholeNumbers_KeepType()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([2L, 4]);
        TensorAssert.Equal([6L, 12L], a * 3);
        Assert.Equal(ScalarType.Float32, (a * 0.5).dtype);
    }

    [Fact]
    public void Add_Broadcast_RepeatsRow()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor column = torch.tensor([10f, 20], [2, 1]);
        Tensor row = torch.tensor([1f, 2], [1, 2]);
        TensorAssert.Equal([11, 12, 21, 22], column + row);
    }

    [Fact]
    public void Add_ShapesDiffer_ErrorNamesOperator()
    {
        using Tensor a = torch.zeros([2]);
        using Tensor b = torch.zeros([3]);
        var error = Assert.Throws<TorchException>(() => a + b);
        Assert.StartsWith("aten::add: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradient_OfAllOperators_EqualsDifferences()
        => GradientCheck.Compare(
            x => (x[0] + x[1]) * (x[0] - 2 * x[1]) / (3 + x[1] * x[1]) - 1 / (x[0] * x[0] + 1) + -x[1],
            GradientCheck.Input(3, 2, 3),
            GradientCheck.Input(4, 2, 3));
}
