namespace RecSys.Torch.Tests;

public sealed class TensorComparisonTests
{
    [Fact]
    public void Compare_TensorAndNumber_GivesTruthValues()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([1f, 2, 3]);
        Tensor b = torch.tensor([3f, 2, 1]);
        TensorAssert.Equal([false, true, false], a.eq(b));
        TensorAssert.Equal([true, false, true], a.ne(b));
        TensorAssert.Equal([true, false, false], a.lt(b));
        TensorAssert.Equal([true, true, false], a.le(b));
        TensorAssert.Equal([false, false, true], a.gt(b));
        TensorAssert.Equal([false, true, true], a.ge(b));
        TensorAssert.Equal([false, true, false], a.eq(2));
        TensorAssert.Equal([true, false, true], a.ne(2));
        TensorAssert.Equal([true, false, false], a.lt(2));
        TensorAssert.Equal([true, true, false], a.le(2));
        TensorAssert.Equal([false, false, true], a.gt(2));
        TensorAssert.Equal([false, true, true], a.ge(2));
    }

    [Fact]
    public void Logical_TwoMasks_CombinesThem()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor a = torch.tensor([true, true, false, false]);
        Tensor b = torch.tensor([true, false, true, false]);
        TensorAssert.Equal([true, false, false, false], a.logical_and(b));
        TensorAssert.Equal([true, true, true, false], a.logical_or(b));
        TensorAssert.Equal([false, true, true, false], a.logical_xor(b));
        TensorAssert.Equal([false, false, true, true], a.logical_not());
        Assert.True(a.any().item<bool>());
        Assert.False(a.all().item<bool>());
    }

    [Fact]
    public void Masked_FillAndSelect_FollowMask()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor x = torch.tensor([1f, 2, 3]);
        Tensor mask = torch.tensor([false, true, true]);
        TensorAssert.Equal([1, -9, -9], x.masked_fill(mask, -9));
        TensorAssert.Equal([2, 3], x.masked_select(mask));
        TensorAssert.Equal([1L, 2L], mask.nonzero().squeeze(1));
    }

    [Fact]
    public void IsFinite_NanAndInfinity_AreFound()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor x = torch.tensor([1f, float.NaN, float.PositiveInfinity]);
        TensorAssert.Equal([true, false, false], x.isfinite());
        TensorAssert.Equal([false, true, false], x.isnan());
    }
}
