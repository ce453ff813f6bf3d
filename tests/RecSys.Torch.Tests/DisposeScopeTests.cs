namespace RecSys.Torch.Tests;

public sealed class DisposeScopeTests
{
    [Fact]
    public void Dispose_Scope_FreesItsTensors()
    {
        Tensor inside;
        Tensor outside = torch.zeros([1]);
        using (torch.NewDisposeScope())
            inside = outside + 1;
        Assert.True(inside.IsDisposed);
        Assert.False(outside.IsDisposed);
        outside.Dispose();
    }

    [Fact]
    public void MoveToOuter_Nested_LivesAsLongAsOuter()
    {
        Tensor moved, both;
        using (torch.NewDisposeScope())
        {
            using (DisposeScope inner = torch.NewDisposeScope())
            {
                moved = torch.zeros([1]).MoveToOuterDisposeScope();
                both = inner.MoveToOuter(torch.zeros([1]));
            }

            Assert.False(moved.IsDisposed);
            Assert.False(both.IsDisposed);
        }

        Assert.True(moved.IsDisposed);
        Assert.True(both.IsDisposed);
    }

    [Fact]
    public void MoveToOuter_OutermostScope_LeavesTensorToCaller()
    {
        Tensor moved;
        using (torch.NewDisposeScope())
            moved = torch.zeros([1]).MoveToOuterDisposeScope();
        Assert.False(moved.IsDisposed);
        moved.Dispose();
    }

    [Fact]
    public void DetachFromDisposeScope_Tensor_SurvivesAllScopes()
    {
        Tensor tensor;
        using (torch.NewDisposeScope())
        using (torch.NewDisposeScope())
            tensor = torch.zeros([1]).DetachFromDisposeScope();
        Assert.False(tensor.IsDisposed);
        tensor.Dispose();
    }

    [Fact]
    public void Dispose_OuterBeforeInner_Throws()
    {
        DisposeScope outer = torch.NewDisposeScope();
        DisposeScope inner = torch.NewDisposeScope();
        Assert.Throws<InvalidOperationException>(outer.Dispose);
        inner.Dispose();
        outer.Dispose();
        outer.Dispose();
    }

    [Fact]
    public void TrainingLoop_InScopes_LeavesNoTensors()
    {
        LiveTensors.Settle();
        long before = Tensor.LiveCount;
        using (var model = torch.nn.Sequential(
            torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(16, 1)))
        using (var optimizer = torch.optim.Adam(model.named_parameters()))
        {
            long after = 0;
            for (int step = 0; step < 10; step++)
            {
                using (DisposeScope scope = torch.NewDisposeScope())
                {
                    Tensor logits = model.forward(torch.randn([32, 8]));
                    Tensor loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.rand([32, 1]));
                    optimizer.zero_grad();
                    loss.backward();
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1);
                    optimizer.step();
                }

                if (step == 0)
                    after = Tensor.LiveCount;
                Assert.Equal(after, Tensor.LiveCount);
            }
        }

        Assert.Equal(before, Tensor.LiveCount);
    }
}
