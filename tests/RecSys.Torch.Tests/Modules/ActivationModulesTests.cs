using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class ActivationModulesTests
{
    [Fact]
    public void Forward_Elements_EqualReference()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        double[] values = [-1.5, 0, 2];
        Tensor x = torch.tensor(values);
        using ReLU relu = torch.nn.ReLU();
        using Sigmoid sigmoid = torch.nn.Sigmoid();
        using Tanh tanh = torch.nn.Tanh();
        TensorAssert.Equal([0, 0, 2], relu.forward(x));
        TensorAssert.Near([.. values.Select(v => 1 / (1 + Math.Exp(-v)))], sigmoid.forward(x), 1e-12);
        TensorAssert.Near([.. values.Select(Math.Tanh)], tanh.forward(x), 1e-12);
    }
}
