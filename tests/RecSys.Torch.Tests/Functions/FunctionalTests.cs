namespace RecSys.Torch.Tests;

public sealed class FunctionalTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void BinaryCrossEntropy_Logits_EqualsFormula()
    {
        double[] logits = [-2, 0.5, 3, -1];
        double[] labels = [0, 1, 1, 0.25];
        double[] losses = [.. logits.Zip(labels, (z, y) =>
        {
            double p = 1 / (1 + Math.Exp(-z));
            return -y * Math.Log(p) - (1 - y) * Math.Log(1 - p);
        })];
        Tensor z = torch.tensor(logits), y = torch.tensor(labels);
        TensorAssert.Near([losses.Average()], torch.nn.functional.binary_cross_entropy_with_logits(z, y), 1e-12);
        TensorAssert.Near([losses.Sum()], torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction: Reduction.Sum), 1e-12);
        Tensor weight = torch.tensor([1.0, 0, 2, 0]);
        TensorAssert.Near(
            [losses[0], 0, 2 * losses[2], 0],
            torch.nn.functional.binary_cross_entropy_with_logits(z, y, weight, Reduction.None),
            1e-12);
    }

    [Fact]
    public void BinaryCrossEntropy_LargeLogit_DoesNotOverflow()
        => TensorAssert.Near(
            [1000], torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([1000.0]), torch.tensor([0.0])), 1e-12);

    [Fact]
    public void MseLoss_Reductions_EqualHandComputed()
    {
        Tensor a = torch.tensor([1f, 4]), b = torch.tensor([3f, 1]);
        TensorAssert.Equal([6.5], torch.nn.functional.mse_loss(a, b));
        TensorAssert.Equal([4, 9], torch.nn.functional.mse_loss(a, b, Reduction.None));
    }

    [Fact]
    public void Losses_Gradient_EqualsDifferences()
    {
        Tensor target = torch.tensor([0.0, 1, 1, 0]);
        GradientCheck.Compare(x => torch.nn.functional.binary_cross_entropy_with_logits(x[0], target), GradientCheck.Input(1, 4));
        GradientCheck.Compare(x => torch.nn.functional.mse_loss(x[0], target), GradientCheck.Input(2, 4));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 1)]
    [InlineData(5, 3)]
    [InlineData(17, 16)]
    [InlineData(40, 33)]
    public void DotInteraction_Fused_EqualsThePlainFormula(int fields, int dimension)
    {
        // 300 samples: more than one task of the thread pool. The plain form is what doubles take.
        Tensor exact = GradientCheck.Input(1, 300, fields, dimension).requires_grad_();
        Tensor vectors = exact.detach().to(torch.float32).requires_grad_();

        Tensor expected = torch.nn.functional.dot_interaction(exact);
        Tensor actual = torch.nn.functional.dot_interaction(vectors);

        Assert.Equal([300, fields * (fields - 1) / 2], actual.shape);
        TensorAssert.Near(expected.detach().ToArray<double>(), actual, 1e-4);
        if (fields == 1)
            return;
        Tensor weights = GradientCheck.Input(2, expected.shape);
        (expected * weights).sum().backward();
        (actual * weights.to(torch.float32)).sum().backward();
        TensorAssert.Near(exact.grad!.ToArray<double>(), vectors.grad!, 1e-4);
    }

    [Fact]
    public void DotInteraction_ThreeFields_AreTheLowerTriangleRowByRow()
        => TensorAssert.Equal([2 * 1, 3 * 1, 3 * 2], torch.nn.functional.dot_interaction(torch.tensor([1f, 2, 3], [1, 3, 1])));

    [Fact]
    public void DotInteraction_Gradient_EqualsDifferences()
        => GradientCheck.Compare(x => torch.nn.functional.dot_interaction(x[0]), GradientCheck.Input(3, 2, 4, 3));

    [Fact]
    public void Aliases_OfTensorMethods_AgreeWithThem()
    {
        Tensor x = torch.tensor([-1f, 2], [1, 2]);
        TensorAssert.Equal([0, 2], torch.nn.functional.relu(x));
        TensorAssert.Near([1], torch.nn.functional.softmax(x, 1).sum(), 1e-6);
        TensorAssert.Equal([-1, 2], torch.nn.functional.dropout(x, 0.5, training: false));
    }
}
