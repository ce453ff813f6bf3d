using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests;

public sealed class UtilsTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _a = torch.zeros([1]).requires_grad_();
    private readonly Tensor _b = torch.zeros([1]).requires_grad_();

    public UtilsTests()
    {
        _a.grad = torch.tensor([3f]);
        _b.grad = torch.tensor([4f]);
    }

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void ClipGradNorm_AboveBound_ScalesTogether()
    {
        Assert.Equal(5, torch.nn.utils.clip_grad_norm_([_a, _b], 1), 1e-6);
        TensorAssert.Near([0.6], _a.grad!, 1e-6);
        TensorAssert.Near([0.8], _b.grad!, 1e-6);
    }

    [Fact]
    public void ClipGradNorm_BelowBound_ChangesNothing()
    {
        Assert.Equal(7, torch.nn.utils.clip_grad_norm_([_a, _b], 10, norm_type: 1), 1e-6);
        TensorAssert.Equal([3], _a.grad!);
    }

    [Fact]
    public void ClipGradNorm_NoGradients_IsZero()
    {
        using Linear linear = torch.nn.Linear(2, 2);
        Assert.Equal(0, torch.nn.utils.clip_grad_norm_(linear.parameters(), 1));
    }
}
