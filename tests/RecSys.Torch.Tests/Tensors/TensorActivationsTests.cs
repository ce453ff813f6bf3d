namespace RecSys.Torch.Tests;

public sealed class TensorActivationsTests
{
    [Fact]
    public void Softmax_Rows_EqualHandComputed()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor x = torch.tensor([0.0, Math.Log(3), 0.0, 0.0], [2, 2]);
        TensorAssert.Near([0.25, 0.75, 0.5, 0.5], x.softmax(1), 1e-12);
        TensorAssert.Near([Math.Log(0.25), Math.Log(0.75), Math.Log(0.5), Math.Log(0.5)], x.log_softmax(-1), 1e-12);
    }

    [Fact]
    public void Gelu_One_IsNormalProbability()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TensorAssert.Near([0.8413447460685429], torch.ones([1], torch.float64).gelu(), 1e-12);
    }

    [Fact]
    public void Softmax_Gradient_EqualsDifferences()
    {
        GradientCheck.Compare(x => x[0].softmax(1), GradientCheck.Input(5, 3, 4));
        GradientCheck.Compare(x => x[0].log_softmax(0), GradientCheck.Input(6, 3, 4));
    }
}
