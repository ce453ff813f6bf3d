namespace RecSys.Torch.Tests;

public sealed class TorchScopesTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void NoGrad_Nested_RestoresWhatWas()
    {
        Tensor x = torch.ones([1]).requires_grad_();
        Assert.True(torch.is_grad_enabled());
        using (torch.no_grad())
        {
            Assert.False((x + 1).requires_grad);
            using (torch.enable_grad())
                Assert.True((x + 1).requires_grad);
            Assert.False(torch.is_grad_enabled());
        }

        Assert.True((x + 1).requires_grad);
    }

    [Fact]
    public void Autocast_Linear_RunsInBFloat16CloseToFloat32()
    {
        torch.manual_seed(3);
        Tensor x = torch.randn([8, 16]);
        Tensor w = torch.randn([4, 16]).requires_grad_();
        Tensor exact = torch.nn.functional.linear(x, w);
        Tensor narrow;
        using (torch.autocast())
            narrow = torch.nn.functional.linear(x, w);
        Assert.Equal(ScalarType.BFloat16, narrow.dtype);
        Assert.Equal(ScalarType.Float32, torch.nn.functional.linear(x, w).dtype);

        // Inputs and results keep 8 bits; 16 products of size ~1 add up.
        float difference = (narrow.to(torch.float32) - exact).abs().max().item<float>();
        Assert.InRange(difference, 1e-6f, 0.1f);
    }

    [Fact]
    public void Autocast_Backward_GivesGradientsInFloat32()
    {
        torch.manual_seed(3);
        Tensor x = torch.randn([8, 16]);
        Tensor w = torch.randn([4, 16]).requires_grad_();
        torch.nn.functional.linear(x, w).sum().backward();
        Tensor exact = w.grad!;
        w.grad = null;
        Tensor loss;
        using (torch.autocast())
            loss = torch.nn.functional.linear(x, w).to(torch.float32).sum();
        loss.backward();
        Assert.Equal(ScalarType.Float32, w.grad!.dtype);
        Assert.InRange((w.grad! - exact).abs().max().item<float>(), 0f, 0.1f);
    }
}
