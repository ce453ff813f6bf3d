namespace RecSys.Torch.Tests;

public sealed class TensorInPlaceTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _x = torch.tensor([1f, 2]);
    private readonly Tensor _y = torch.tensor([3f, 4]);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Arithmetic_InPlace_ChangesAndReturnsTheTensor()
    {
        Assert.Same(_x, _x.add_(_y));
        TensorAssert.Equal([4, 6], _x);
        TensorAssert.Equal([10, 14], _x.add_(_y, 2));
        TensorAssert.Equal([11, 15], _x.add_(1));
        TensorAssert.Equal([8, 11], _x.sub_(_y));
        TensorAssert.Equal([6.5f, 9], _x.sub_(_y, 0.5));
        TensorAssert.Equal([6, 8.5f], _x.sub_(0.5));
        TensorAssert.Equal([18, 34], _x.mul_(_y));
        TensorAssert.Equal([9, 17], _x.mul_(0.5));
        TensorAssert.Equal([3, 4.25f], _x.div_(_y));
        TensorAssert.Equal([1.5f, 2.125f], _x.div_(2));
    }

    [Fact]
    public void Fused_InPlace_EqualHandComputed()
    {
        TensorAssert.Equal([7, 10], _x.addcmul_(_y, torch.tensor([4f, 4]), 0.5));
        TensorAssert.Equal([10, 14], _x.addcdiv_(_y, torch.ones([2])));
        TensorAssert.Equal([6.5f, 9], _x.lerp_(_y, 0.5));
        TensorAssert.Equal([7, 8], _x.clamp_(7, 8));
        TensorAssert.Equal([2, 3], _x.copy_(torch.tensor([4f, 9])).sqrt_());
        TensorAssert.Equal([0, 0], _x.zero_());
        TensorAssert.Equal([5, 5], _x.fill_(5));
    }

    [Fact]
    public void Add_WholeNumbers_Works()
    {
        Tensor x = torch.tensor([1L, 2]);
        TensorAssert.Equal([3L, 4L], x.add_(2));
        TensorAssert.Equal([6L, 8L], x.add_(x));
    }

    [Fact]
    public void Scatter_Indices_WritesAndAdds()
    {
        Tensor target = torch.zeros([3]);
        target.index_add_(0, torch.tensor([2L, 2]), _y);
        TensorAssert.Equal([0, 0, 7], target);
        target.scatter_(0, torch.tensor([1L, 0]), _y);
        TensorAssert.Equal([4, 3, 7], target);
        target.index_reduce_(0, torch.tensor([0L, 0, 2]), torch.tensor([9f, 5, 1]), "amax");
        TensorAssert.Equal([9, 3, 7], target);
    }

    [Fact]
    public void Random_InPlace_HasMomentsOfDistribution()
    {
        torch.manual_seed(1);
        Tensor x = torch.empty([20000]);
        x.uniform_(2, 4);
        Assert.InRange(x.mean().item<float>(), 2.98f, 3.02f);
        Assert.InRange(x.min().item<float>(), 2f, 2.01f);
        x.normal_(1, 3);
        Assert.InRange(x.mean().item<float>(), 0.9f, 1.1f);
        Assert.InRange(x.var().item<float>(), 8.6f, 9.4f);
        x.bernoulli_(0.25);
        Assert.InRange(x.mean().item<float>(), 0.23f, 0.27f);
    }

    [Fact]
    public void Add_LeafThatRequiresGradient_IsRefusedOutsideNoGrad()
    {
        _x.requires_grad_();
        Assert.Throws<TorchException>(() => _x.add_(1));
        using (torch.no_grad())
            _x.add_(1);
        TensorAssert.Equal([2, 3], _x.detach());
    }
}
