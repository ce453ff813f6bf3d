using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class SequentialTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Forward_Chain_EqualsModulesByHand()
    {
        Linear first = torch.nn.Linear(3, 4);
        Linear second = torch.nn.Linear(4, 1);
        using Sequential chain = torch.nn.Sequential(first, torch.nn.ReLU(), second);
        Tensor x = torch.randn([5, 3]);
        double[] expected = second.forward(first.forward(x).relu()).detach().to(torch.float64).ToArray<double>();
        TensorAssert.Equal(expected, chain.forward(x).detach());
        Assert.False(x.IsDisposed);
    }

    [Fact]
    public void Forward_NoModules_ReturnsInput()
    {
        using Sequential chain = torch.nn.Sequential();
        Tensor x = torch.ones([1]);
        Assert.Same(x, chain.forward(x));
    }

    [Fact]
    public void Forward_Chain_FreesResultsInBetween()
    {
        using Sequential chain = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1));
        Tensor x = torch.randn([5, 3]);
        LiveTensors.Settle();
        long before = Tensor.LiveCount;
        Tensor y = chain.forward(x);
        Assert.Equal(before + 1, Tensor.LiveCount);
        y.sum().backward();
        Assert.All(chain.parameters(), parameter => Assert.NotNull(parameter.grad));
    }

    [Fact]
    public void NamedParameters_Chain_AreNumbered()
    {
        using Sequential chain = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1));
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], chain.named_parameters().Select(entry => entry.name));
    }
}
