namespace RecSys.Torch.Tests;

public sealed class OperatorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Call_OperatorWithoutMethod_Works()
    {
        Operator erf = new("aten::erf");
        TensorAssert.Near([0.8427007929497149], erf.Call(torch.ones([1], torch.float64)), 1e-12);
    }

    [Fact]
    public void Call_UnknownOperator_ErrorNamesIt()
    {
        Operator unknown = new("aten::no_such_operator.Tensor");
        var error = Assert.Throws<TorchException>(() => unknown.Call(torch.ones([1])));
        Assert.Contains("aten::no_such_operator", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Call_TooManyOrMissingArguments_ErrorNamesOperator()
    {
        Operator erf = new("aten::erf");
        Tensor x = torch.ones([1]);
        Assert.Contains("aten::erf", Assert.Throws<TorchException>(() => erf.Call(x, 1L)).Message, StringComparison.Ordinal);
        Assert.Contains("'self'", Assert.Throws<TorchException>(() => erf.Call()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Call_WrongKindOfArgument_ErrorNamesOperatorAndNextCallWorks()
    {
        Operator erf = new("aten::erf");
        Assert.StartsWith("aten::erf: ", Assert.Throws<TorchException>(() => erf.Call("text")).Message, StringComparison.Ordinal);
        TensorAssert.Equal([0], erf.Call(torch.zeros([1])));
    }

    [Fact]
    public void Call_WrongNumberOfResults_Throws()
    {
        Operator erf = new("aten::erf");
        Assert.Throws<TorchException>(() => erf.CallPair(torch.ones([1])));
        Assert.Throws<TorchException>(() => erf.CallList(torch.ones([1])));
    }

    [Fact]
    public void Call_StringAndOptionalAndListArguments_ReachOperator()
    {
        Operator divide = new("aten::div.Tensor_mode");
        TensorAssert.Equal([3], divide.Call(torch.full([1], 7.0), torch.full([1], 2.0), "floor"));
        TensorAssert.Equal([3.5f], divide.Call(torch.full([1], 7.0), torch.full([1], 2.0), Argument.None));
        Operator pad = new("aten::constant_pad_nd");
        TensorAssert.Equal([9, 1, 9, 9], pad.Call(torch.ones([1]), new long[] { 1, 2 }, (Scalar)9));
    }

    [Fact]
    public void Call_ManyThreads_GiveTheirOwnResultsAndErrors()
    {
        Operator add = new("aten::add.Scalar");
        Parallel.For(0, 64, i =>
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Assert.Equal(i + 1, add.Call(torch.full([], i), (Scalar)1).item<float>());
            Assert.Throws<TorchException>(() => torch.zeros([2]).view(i + 3));
        });
    }
}
