using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class DropoutTests
{
    [Fact]
    public void Forward_Training_ZeroesAndScales()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using Dropout dropout = torch.nn.Dropout(0.25);
        torch.manual_seed(1);
        float[] y = dropout.forward(torch.ones([10000])).ToArray<float>();
        Assert.InRange(y.Count(value => value == 0), 2300, 2700);
        Assert.All(y.Where(value => value != 0), value => Assert.Equal(4f / 3, value, 1e-6f));
    }

    [Fact]
    public void Forward_Evaluation_IsIdentity()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using Dropout dropout = torch.nn.Dropout(0.9);
        dropout.eval();
        TensorAssert.Equal([1, 1, 1], dropout.forward(torch.ones([3])));
    }

    [Fact]
    public void Constructor_ProbabilityAboveOne_Throws()
        => Assert.Throws<ArgumentOutOfRangeException>(() => torch.nn.Dropout(1.1));
}
