namespace RecSys.Torch.Tests;

public sealed class InitTests : IDisposable
{
    private const long Outputs = 300;
    private const long Inputs = 200;

    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _weight = torch.empty([Outputs, Inputs]).requires_grad_();

    public InitTests() => torch.manual_seed(5);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void XavierUniform_Matrix_FillsItsBound()
    {
        double bound = Math.Sqrt(6.0 / (Outputs + Inputs));
        Assert.Same(_weight, torch.nn.init.xavier_uniform_(_weight));
        AssertUniform(bound);
    }

    [Fact]
    public void KaimingUniform_Matrix_FillsItsBound()
    {
        torch.nn.init.kaiming_uniform_(_weight, 1);
        AssertUniform(Math.Sqrt(3.0 / Inputs));
    }

    [Fact]
    public void XavierNormal_Matrix_HasItsDeviation()
    {
        torch.nn.init.xavier_normal_(_weight, gain: 2);
        TensorAssert.Near([4 * 2.0 / (Outputs + Inputs)], _weight.detach().var(), 1e-3);
    }

    [Fact]
    public void Constants_Tensor_AreEverywhere()
    {
        Assert.Equal(1, torch.nn.init.ones_(_weight).detach().amin([0, 1]).item<float>());
        Assert.Equal(0, torch.nn.init.zeros_(_weight).detach().abs().max().item<float>());
        Assert.Equal(0.5f, torch.nn.init.constant_(_weight, 0.5).detach().mean().item<float>());
        Assert.InRange(torch.nn.init.normal_(_weight, 3, 0.1).detach().mean().item<float>(), 2.99f, 3.01f);
        Assert.True(_weight.is_leaf && _weight.requires_grad);
    }

    [Fact]
    public void Xavier_Vector_Throws()
        => Assert.Throws<ArgumentException>(() => torch.nn.init.xavier_uniform_(torch.empty([3])));

    private void AssertUniform(double bound)
    {
        Assert.InRange(_weight.detach().abs().max().item<float>(), 0.99 * bound, bound);
        TensorAssert.Near([bound * bound / 3], _weight.detach().var(), 1e-3 * bound);
    }
}
