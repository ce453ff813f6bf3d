namespace RecSys.Torch.Tests;

public sealed class TensorReduceTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _x = torch.tensor([1f, 5, 3, 4, 2, 6], [2, 3]);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Sum_AllAndDimensions_EqualHandComputed()
    {
        TensorAssert.Equal([21], _x.sum());
        TensorAssert.Equal([9, 12], _x.sum(1));
        TensorAssert.Equal([5, 7, 9], _x.sum([0]));
        TensorAssert.Equal([21], _x.sum([0, 1]));
        TensorAssert.Shape([2, 1], _x.sum(1, keepdim: true));
    }

    [Fact]
    public void Mean_AllAndDimensions_EqualHandComputed()
    {
        TensorAssert.Equal([3.5f], _x.mean());
        TensorAssert.Equal([3, 4], _x.mean(1));
        TensorAssert.Equal([2.5f, 3.5f, 4.5f], _x.mean([0]));
    }

    [Fact]
    public void Var_Unbiased_DividesByCountMinusOne()
    {
        TensorAssert.Near([4, 4], _x.var([1]), 1e-6);
        TensorAssert.Near([8.0 / 3, 8.0 / 3], _x.var([1], unbiased: false), 1e-6);
        TensorAssert.Near([3.5], _x.var(), 1e-6);
    }

    [Fact]
    public void Extremes_AllAndDimension_AreFoundWithPlace()
    {
        TensorAssert.Equal([6], _x.max());
        TensorAssert.Equal([1], _x.min());
        (Tensor values, Tensor indices) = _x.max(1);
        TensorAssert.Equal([5, 6], values);
        TensorAssert.Equal([1L, 2L], indices);
        (values, indices) = _x.min(0);
        TensorAssert.Equal([1, 2, 3], values);
        TensorAssert.Equal([0L, 1L, 0L], indices);
        TensorAssert.Equal([5, 6], _x.amax([1]));
        TensorAssert.Equal([1, 2, 3], _x.amin([0]));
        TensorAssert.Equal([5L], _x.argmax());
        TensorAssert.Equal([0L, 1L], _x.argmin(1));
    }

    [Fact]
    public void Norm_Orders_EqualHandComputed()
    {
        TensorAssert.Near([Math.Sqrt(91)], _x.norm(), 1e-6);
        TensorAssert.Near([21], _x.norm(1), 1e-6);
        TensorAssert.Near([Math.Sqrt(35), Math.Sqrt(56)], _x.norm(2, [1]), 1e-6);
    }

    [Fact]
    public void Order_SortTopkCumsum_EqualHandComputed()
    {
        (Tensor values, Tensor indices) = _x.topk(2);
        TensorAssert.Equal([5, 3, 6, 4], values);
        TensorAssert.Equal([1L, 2L, 2L, 0L], indices);
        (values, indices) = _x.sort(1);
        TensorAssert.Equal([1, 3, 5, 2, 4, 6], values);
        TensorAssert.Equal([0L, 2L, 1L, 1L, 0L, 2L], indices);
        TensorAssert.Equal([1, 6, 9, 4, 6, 12], _x.cumsum(1));
    }

    [Fact]
    public void Logsumexp_LargeValues_DoesNotOverflow()
        => TensorAssert.Near([1000 + Math.Log(2)], torch.tensor([1000.0, 1000.0]).logsumexp([0]), 1e-12);

    [Fact]
    public void Gradient_OfReductions_EqualsDifferences()
    {
        GradientCheck.Compare(x => x[0].mean(1) * x[0].sum([0, 1]), GradientCheck.Input(10, 2, 3));
        GradientCheck.Compare(x => x[0].var([1]) + x[0].norm(2, [1]) + x[0].amax([1]), GradientCheck.Input(11, 2, 3));
        GradientCheck.Compare(x => x[0].logsumexp([1]) + x[0].max(1).values, GradientCheck.Input(12, 2, 3));
    }
}
