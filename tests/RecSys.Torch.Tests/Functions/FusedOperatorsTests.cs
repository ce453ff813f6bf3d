namespace RecSys.Torch.Tests;

/// <summary>The project's fused operators in fp32 on the CPU against the same mathematics composed of libtorch's operators in double precision.</summary>
public sealed class FusedOperatorsTests : IDisposable
{
    private const double Tolerance = 2e-5;

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 7)]
    [InlineData(300, 33, 17)]
    [InlineData(1025, 8, 64)]
    public void LinearRelu_AnyShape_EqualsComposition(int rows, int inputs, int outputs)
        => Compare(
            x => torch.nn.functional.linear_relu(x[0], x[1], x[2]),
            x => torch.nn.functional.linear(x[0], x[1], x[2]).relu(),
            [rows, inputs], [outputs, inputs], [outputs]);

    [Fact]
    public void LinearRelu_InputWithoutGradient_GivesThoseOfTheParameters()
    {
        Tensor x = GradientCheck.Input(1, 4, 3).to(torch.float32), w = GradientCheck.Input(2, 2, 3).to(torch.float32), b = torch.zeros([2]);
        w.requires_grad_();
        b.requires_grad_();
        torch.nn.functional.linear_relu(x, w, b).sum().backward();
        Assert.Null(x.grad);
        Assert.Equal([2L, 3], w.grad!.shape);
        Assert.Equal([2L], b.grad!.shape);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 3, 7)]
    [InlineData(700, 39, 16)]
    public void PairwiseInteraction_AnyShape_EqualsSumOverPairs(int batch, int fields, int width)
        => Compare(x => torch.nn.functional.pairwise_interaction(x[0]).interaction, Pairs, [batch, fields, width]);

    [Fact]
    public void PairwiseInteraction_VectorsUsedOn_GradientsAreSummed()
        => Compare(
            x =>
            {
                (Tensor interaction, Tensor vectors) = torch.nn.functional.pairwise_interaction(x[0]);
                return interaction * vectors.flatten(1).sum(1);
            },
            x => Pairs(x) * x[0].flatten(1).sum(1),
            [260, 6, 9]);

    [Fact]
    public void PairwiseInteraction_OnlyVectorsUsed_PassesTheirGradient()
        => Compare(x => torch.nn.functional.pairwise_interaction(x[0]).vectors * 3, x => x[0] * 3, [2, 3, 4]);

    [Fact]
    public void PairwiseInteraction_DoublePrecision_GradientEqualsDifferences()
        => GradientCheck.Compare(
            x =>
            {
                (Tensor interaction, Tensor vectors) = torch.nn.functional.pairwise_interaction(x[0]);
                return interaction + vectors.flatten(1).sum(1);
            },
            GradientCheck.Input(3, 3, 4, 2));

    [Fact]
    public void PairwiseInteraction_WrongShape_Throws()
        => Assert.Contains("[batch, field, dimension]", Assert.Throws<TorchException>(() => torch.nn.functional.pairwise_interaction(torch.zeros([2, 3]))).Message, StringComparison.Ordinal);

    // The definition: every pair of fields once.
    private static Tensor Pairs(Tensor[] x)
    {
        Tensor products = x[0].matmul(x[0].transpose(1, 2));
        return (products.sum(2).sum(1) - (x[0] * x[0]).sum(2).sum(1)) * 0.5;
    }

    private static void Compare(Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> composed, params long[][] shapes)
    {
        Tensor[] wide = [.. shapes.Select((shape, i) => GradientCheck.Input(i, shape))];
        Tensor[] narrow = [.. wide.Select(tensor => tensor.to(torch.float32))];
        foreach (Tensor tensor in wide.Concat(narrow))
            tensor.requires_grad_();

        Tensor expected = composed(wide), actual = fused(narrow);
        Near(expected, actual);
        Tensor weights = torch.arange(1, expected.numel + 1, dtype: torch.float64).sin().view(expected.shape);
        (expected * weights).sum().backward();
        (actual * weights.to(torch.float32)).sum().backward();
        for (int i = 0; i < wide.Length; i++)
            Near(wide[i].grad!, narrow[i].grad!);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        double scale = Math.Max(1, expected.detach().abs().max().item<double>());
        TensorAssert.Near(expected.detach().contiguous().ToArray<double>(), actual.detach().to(torch.float64), Tolerance * scale);
    }
}
