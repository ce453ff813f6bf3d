namespace RecSys.Torch.Tests;

public sealed class TorchRandomTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void ManualSeed_SameSeed_SameNumbers()
    {
        torch.manual_seed(7);
        float[] first = torch.randn([100]).ToArray<float>();
        torch.manual_seed(8);
        float[] other = torch.randn([100]).ToArray<float>();
        torch.manual_seed(7);
        Assert.Equal(first, torch.randn([100]).ToArray<float>());
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void RngState_SetBack_RepeatsNumbers()
    {
        torch.manual_seed(7);
        torch.rand([3]);
        Tensor state = torch.get_rng_state();
        float[] first = torch.rand([10]).ToArray<float>();
        torch.set_rng_state(state);
        Assert.Equal(first, torch.rand([10]).ToArray<float>());
    }

    [Fact]
    public void SetRngState_WrongBytes_Throws()
    {
        var error = Assert.Throws<TorchException>(() => torch.set_rng_state(torch.zeros([3], torch.uint8)));
        Assert.StartsWith("set_rng_state: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RandInt_Range_IsRespected()
    {
        torch.manual_seed(1);
        Tensor x = torch.randint(3, 6, [1000]);
        Assert.Equal(3, x.min().item<long>());
        Assert.Equal(5, x.max().item<long>());
    }

    [Fact]
    public void RandPerm_Count_IsAPermutation()
    {
        torch.manual_seed(1);
        Tensor x = torch.randperm(50);
        TensorAssert.Equal([.. Enumerable.Range(0, 50).Select(i => (double)i)], x.sort().values);
        Assert.NotEqual(x.ToArray<long>(), torch.arange(50).ToArray<long>());
    }
}
