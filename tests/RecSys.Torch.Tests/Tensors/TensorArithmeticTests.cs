namespace RecSys.Torch.Tests;

public sealed class TensorArithmeticTests
{
    private static readonly double[] s_values = [0.25, 1, 2.5, 4];

    public static TheoryData<string> UnaryNames => [.. Unary.Keys];

    private static Dictionary<string, (Func<Tensor, Tensor> Operator, Func<double, double> Reference)> Unary { get; } = new()
    {
        ["square"] = (x => x.square(), x => x * x),
        ["sqrt"] = (x => x.sqrt(), Math.Sqrt),
        ["rsqrt"] = (x => x.rsqrt(), x => 1 / Math.Sqrt(x)),
        ["reciprocal"] = (x => x.reciprocal(), x => 1 / x),
        ["neg"] = (x => x.neg(), x => -x),
        ["exp"] = (x => x.exp(), Math.Exp),
        ["log"] = (x => x.log(), Math.Log),
        ["log1p"] = (x => x.log1p(), x => Math.Log(1 + x)),
        ["abs"] = (x => (x - 2).abs(), x => Math.Abs(x - 2)),
        ["sin"] = (x => x.sin(), Math.Sin),
        ["cos"] = (x => x.cos(), Math.Cos),
        ["floor"] = (x => x.floor(), Math.Floor),
        ["round"] = (x => x.round(), Math.Round),
        ["sign"] = (x => (x - 1).sign(), x => Math.Sign(x - 1)),
        ["pow"] = (x => x.pow(1.5), x => Math.Pow(x, 1.5)),
        ["clamp"] = (x => x.clamp(0.5, 3), x => Math.Clamp(x, 0.5, 3)),
        ["clamp minimum"] = (x => x.clamp(minimum: 2), x => Math.Max(x, 2)),
        ["clamp maximum"] = (x => x.clamp(maximum: 2), x => Math.Min(x, 2)),
        ["relu"] = (x => (x - 2).relu(), x => Math.Max(x - 2, 0)),
        ["sigmoid"] = (x => x.sigmoid(), x => 1 / (1 + Math.Exp(-x))),
        ["tanh"] = (x => x.tanh(), Math.Tanh),
        ["silu"] = (x => x.silu(), x => x / (1 + Math.Exp(-x))),
        ["softplus"] = (x => x.softplus(), x => Math.Log(1 + Math.Exp(x))),
        ["leaky_relu"] = (x => (x - 2).leaky_relu(0.1), x => x > 2 ? x - 2 : 0.1 * (x - 2)),
    };

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Unary_Values_EqualReference(string name)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (Func<Tensor, Tensor> op, Func<double, double> reference) = Unary[name];
        TensorAssert.Near([.. s_values.Select(reference)], op(torch.tensor(s_values)), 1e-12);
    }

    // None of the values is a kink of a function above.
    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Unary_Gradient_EqualsDifferences(string name)
        => GradientCheck.Compare(inputs => Unary[name].Operator(inputs[0]), torch.tensor([0.3, 1.1, 2.6, 4.2]));

    [Fact]
    public void Matmul_Matrices_EqualsHandComputed()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([1f, 2, 3, 4], [2, 2]);
        Tensor b = torch.tensor([5f, 6, 7, 8], [2, 2]);
        TensorAssert.Equal([19, 22, 43, 50], a.matmul(b));
        TensorAssert.Equal([19, 22, 43, 50], a.mm(b));
        TensorAssert.Equal([19, 22, 43, 50], a.unsqueeze(0).bmm(b.unsqueeze(0)).squeeze(0));
    }

    [Fact]
    public void Matmul_Gradient_EqualsDifferences()
        => GradientCheck.Compare(x => x[0].matmul(x[1]), GradientCheck.Input(1, 3, 4), GradientCheck.Input(2, 4, 2));

    [Fact]
    public void Maximum_TwoTensors_PicksElementwise()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([1f, 5]);
        Tensor b = torch.tensor([3f, 2]);
        TensorAssert.Equal([3, 5], a.maximum(b));
        TensorAssert.Equal([1, 2], a.minimum(b));
    }

    [Fact]
    public void Mm_ShapesDiffer_ErrorNamesOperator()
    {
        using Tensor a = torch.zeros([2, 3]);
        var error = Assert.Throws<TorchException>(() => a.mm(a));
        Assert.StartsWith("aten::mm: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("2x3", error.Message, StringComparison.Ordinal);
    }
}
