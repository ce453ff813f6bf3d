namespace RecSys.Torch.Tests;

public sealed class TorchFunctionsTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _a = torch.tensor([1f, 2], [1, 2]);
    private readonly Tensor _b = torch.tensor([3f, 4], [1, 2]);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Cat_Dimension_PutsTensorsSideBySide()
    {
        TensorAssert.Shape([2, 2], torch.cat([_a, _b]));
        TensorAssert.Equal([1, 2, 3, 4], torch.cat([_a, _b], 1));
        TensorAssert.Shape([1, 4], torch.cat([_a, _b], 1));
    }

    [Fact]
    public void Cat_ManyTensors_PassesTheStackBuffer()
    {
        Tensor[] parts = [.. Enumerable.Range(0, 200).Select(i => torch.full([1], i))];
        TensorAssert.Equal([.. Enumerable.Range(0, 200).Select(i => (double)i)], torch.cat(parts));
    }

    [Fact]
    public void Stack_NewDimension_HasTheirCount()
    {
        TensorAssert.Shape([2, 1, 2], torch.stack([_a, _b]));
        TensorAssert.Equal([1, 3, 2, 4], torch.stack([_a, _b], 2));
    }

    [Fact]
    public void Where_Condition_Chooses()
        => TensorAssert.Equal([1, 4], torch.where(torch.tensor([true, false]), _a, _b));

    [Fact]
    public void Einsum_Equation_EqualsHandComputed()
    {
        TensorAssert.Equal([11], torch.einsum("bi,bi->b", _a, _b));
        TensorAssert.Equal([3, 4, 6, 8], torch.einsum("bi,bj->ij", _a, _b));
    }

    [Fact]
    public void Addmm_Bias_IsAddedToProduct()
    {
        TensorAssert.Equal([12], torch.addmm(torch.ones([1]), _a, _b.t()));
        TensorAssert.Equal([12], torch.baddbmm(torch.ones([1]), _a.unsqueeze(0), _b.t().unsqueeze(0)));
    }

    [Fact]
    public void Grad_SecondDerivative_NeedsCreateGraph()
    {
        Tensor x = torch.tensor([2.0]).requires_grad_();
        Tensor unused = torch.tensor([1.0]).requires_grad_();
        Tensor?[] first = torch.grad([x.pow(3).sum()], [x, unused], createGraph: true);
        TensorAssert.Near([12], first[0]!, 1e-12);
        Assert.Null(first[1]);
        TensorAssert.Near([12], torch.grad([first[0]!.sum()], [x])[0]!, 1e-12);
        Assert.Null(x.grad);
    }
}
