using RecSys.Torch.Modules;

namespace RecSys.Torch.Tests.Modules;

public sealed class PReLUTests
{
    [Fact]
    public void Forward_NegativeElements_AreScaled()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using PReLU prelu = torch.nn.PReLU(2, init: 0.5);
        prelu.state_dict()["weight"].Data<float>()[1] = 0.1f;
        TensorAssert.Near([-1, 3, 4, -0.5], prelu.forward(torch.tensor([-2f, 3, 4, -5], [2, 2])).detach(), 1e-6);
    }

    [Fact]
    public void Backward_AllInputs_EqualsDifferences()
        => GradientCheck.Compare(
            x => torch.nn.functional.prelu(x[0], x[1]), GradientCheck.Input(1, 4, 3), GradientCheck.Input(2, 3));
}
