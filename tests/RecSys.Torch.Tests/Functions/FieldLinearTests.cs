namespace RecSys.Torch.Tests;

/// <summary>The linear layer over repeated vectors against an ordinary one in double precision, with vectors looked up from small tables.</summary>
public sealed class FieldLinearTests : IDisposable
{
    private const double Tolerance = 2e-5;
    private const int Width = 4;

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // Vocabularies of the fields; −1 marks one that is computed like other columns.
    [Theory]
    [InlineData(new[] { 3, 1, 5 }, new[] { true, true, true }, 0, 7, 64, false)]
    [InlineData(new[] { 3, 40, 2, 9, 30 }, new[] { true, false, true, true, false }, 0, 70, 130, true)]
    [InlineData(new[] { 40, 3, 4, 6, 7, 8, 50 }, new[] { false, true, true, true, true, true, false }, 3, 150, 1, true)]
    [InlineData(new[] { 2 }, new[] { true }, 2, 1, 3, false)]
    [InlineData(new[] { 5, 6 }, new[] { false, false }, 1, 9, 5, true)]
    public void FieldLinear_RepeatedVectors_EqualsLinear(int[] vocabularies, bool[] repeated, int others, int batch, int outputs, bool relu)
    {
        long[][] ids = [.. vocabularies.Select((vocabulary, f) => Enumerable.Range(0, batch).Select(b => (long)(((b * 7) + (f * 3) + (b * b % 11)) % vocabulary)).ToArray())];
        int inputs = (vocabularies.Length * Width) + others;
        Tensor[] wide =
        [
            .. vocabularies.Select((vocabulary, f) => GradientCheck.Input(f, vocabulary, Width)),
            GradientCheck.Input(20, batch, Math.Max(1, others)), GradientCheck.Input(21, outputs, inputs), GradientCheck.Input(22, outputs),
        ];
        Tensor[] narrow = [.. wide.Select(tensor => tensor.to(torch.float32))];
        foreach (Tensor tensor in wide.Concat(narrow))
            tensor.requires_grad_();
        Tensor firsts = torch.tensor([.. ids.SelectMany((field, f) => Firsts(field, repeated[f]))], [vocabularies.Length, batch]);

        Tensor linear = torch.nn.functional.linear(Input(wide, ids, others), wide[^2], wide[^1]);
        Tensor expected = relu ? linear.relu() : linear;
        Tensor actual = torch.nn.functional.field_linear(Input(narrow, ids, others), narrow[^2], narrow[^1], firsts, Width, relu);

        Near(expected, actual);
        Tensor weights = torch.arange(1, expected.numel + 1, dtype: torch.float64).sin().view(expected.shape);
        (expected * weights).sum().backward();
        (actual * weights.to(torch.float32)).sum().backward();
        for (int i = 0; i < wide.Length; i++)
        {
            if (wide[i].grad is { } gradient)
                Near(gradient, narrow[i].grad!);
        }
    }

    [Fact]
    public void FieldLinear_InputWithoutGradient_GivesThoseOfTheParameters()
    {
        Tensor weight = torch.ones([2, Width]).requires_grad_(), bias = torch.zeros([2]).requires_grad_();
        torch.nn.functional.field_linear(torch.ones([3, Width]), weight, bias, torch.tensor([0, 0, 0], [1, 3]), Width).sum().backward();
        TensorAssert.Equal([3, 3, 3, 3, 3, 3, 3, 3], weight.grad!.flatten());
        TensorAssert.Equal([3, 3], bias.grad!);
    }

    [Theory]
    [InlineData(new[] { 0, 2, 2 }, "firsts[0, 1] is 2")]
    [InlineData(new[] { 0, 0, 1 }, "firsts[0, 2] is 1")]
    public void FieldLinear_NoFirstSample_IsNamed(int[] firsts, string text)
        => Assert.Contains(text, Error(torch.tensor(firsts, [1, 3])), StringComparison.Ordinal);

    [Fact]
    public void FieldLinear_WrongShapeOrType_SaysWhatIsNeeded()
    {
        Assert.Contains("[fields, batch]", Error(torch.tensor([0, 0], [1, 2])), StringComparison.Ordinal);
        Assert.Contains("int32", Error(torch.zeros([1, 3])), StringComparison.Ordinal);
    }

    private static string Error(Tensor firsts)
        => Assert.Throws<TorchException>(() => torch.nn.functional.field_linear(torch.ones([3, Width]), torch.ones([2, Width]), torch.ones([2]), firsts, Width)).Message;

    private static Tensor Input(Tensor[] tensors, long[][] ids, int others)
        => torch.cat([.. ids.Select((field, f) => tensors[f].index_select(0, torch.tensor(field))), .. others > 0 ? new[] { tensors[^3] } : []], 1);

    private static int[] Firsts(long[] ids, bool repeated) => [.. ids.Select(id => repeated ? Array.IndexOf(ids, id) : -1)];

    private static void Near(Tensor expected, Tensor actual)
    {
        double scale = Math.Max(1, expected.detach().abs().max().item<double>());
        TensorAssert.Near(expected.detach().contiguous().ToArray<double>(), actual.detach().to(torch.float64), Tolerance * scale);
    }
}
