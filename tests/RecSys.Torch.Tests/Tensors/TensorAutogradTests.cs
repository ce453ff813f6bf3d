namespace RecSys.Torch.Tests;

public sealed class TensorAutogradTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Backward_Square_GivesTwiceTheInput()
    {
        Tensor x = torch.tensor([1f, 2, 3]).requires_grad_();
        x.square().sum().backward();
        TensorAssert.Equal([2, 4, 6], x.grad!);
    }

    [Fact]
    public void Backward_Twice_AddsGradients()
    {
        Tensor x = torch.tensor([1f, 2]).requires_grad_();
        (x * 3).sum().backward();
        (x * 3).sum().backward();
        TensorAssert.Equal([6, 6], x.grad!);
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void Backward_GivenGradient_IsWeighted()
    {
        Tensor x = torch.tensor([1f, 2]).requires_grad_();
        x.square().backward(torch.tensor([10f, 100]));
        TensorAssert.Equal([20, 400], x.grad!);
    }

    [Fact]
    public void Backward_ConsumedRecording_NeedsRetainGraph()
    {
        Tensor x = torch.tensor([2f]).requires_grad_();
        Tensor y = x.square().sum();
        y.backward(retainGraph: true);
        y.backward();
        TensorAssert.Equal([8], x.grad!);
        var error = Assert.Throws<TorchException>(() => y.backward());
        Assert.StartsWith("backward: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequiresGrad_Result_FollowsFromInputs()
    {
        Tensor x = torch.ones([1]).requires_grad_();
        Tensor y = x + 1;
        Assert.True(x.is_leaf);
        Assert.True(y.requires_grad);
        Assert.False(y.is_leaf);
        Assert.False(y.detach().requires_grad);
        Assert.False(torch.ones([1]).requires_grad);
    }

    [Fact]
    public void Grad_Set_IsUsedAsIs()
    {
        Tensor x = torch.ones([2]).requires_grad_();
        x.grad = torch.tensor([3f, 4]);
        TensorAssert.Equal([3, 4], x.grad!);
    }

    [Fact]
    public void Grad_OutputBlockOfEmbeddings_IsReadFromSpan()
    {
        Tensor block = torch.tensor([1f, 2, 3, 4], [2, 2]).requires_grad_();
        block.matmul(torch.ones([2, 1])).sum().backward();
        Assert.Equal([1, 1, 1, 1], block.grad!.Data<float>().ToArray());
    }
}
