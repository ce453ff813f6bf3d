namespace RecSys.Torch.Tests;

public sealed class TensorShapeTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _x = torch.tensor([1f, 2, 3, 4, 5, 6], [2, 3]);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Transpose_Matrix_SwapsDimensions()
    {
        TensorAssert.Equal([1, 4, 2, 5, 3, 6], _x.t());
        TensorAssert.Equal([1, 4, 2, 5, 3, 6], _x.transpose(0, 1));
        TensorAssert.Equal([1, 4, 2, 5, 3, 6], _x.permute(1, 0));
        TensorAssert.Shape([3, 1, 2], _x.unsqueeze(0).permute(2, 0, 1));
    }

    [Fact]
    public void View_Change_ReachesOriginal()
    {
        _x.view(3, 2).fill_(7);
        TensorAssert.Equal([7, 7, 7, 7, 7, 7], _x);
    }

    [Fact]
    public void Reshape_MinusOne_FollowsFromTheRest()
    {
        TensorAssert.Shape([6, 1], _x.reshape(-1, 1));
        TensorAssert.Shape([6], _x.flatten());
        TensorAssert.Shape([2, 12], torch.zeros([2, 3, 4]).flatten(1));
    }

    [Fact]
    public void Squeeze_SizeOne_Disappears()
    {
        Tensor wide = _x.unsqueeze(1).unsqueeze(-1);
        TensorAssert.Shape([2, 1, 3, 1], wide);
        TensorAssert.Shape([2, 3, 1], wide.squeeze(1));
        TensorAssert.Shape([2, 3], wide.squeeze());
    }

    [Fact]
    public void Expand_SizeOne_Repeats()
    {
        Tensor column = torch.tensor([1f, 2], [2, 1]);
        TensorAssert.Equal([1, 1, 2, 2], column.expand(-1, 2));
        TensorAssert.Equal([1, 1, 2, 2], column.repeat(1, 2));
    }

    [Fact]
    public void Narrow_SelectAndSlice_TakeParts()
    {
        TensorAssert.Equal([2, 3, 5, 6], _x.narrow(1, 1, 2));
        TensorAssert.Equal([3, 6], _x.select(1, -1));
        TensorAssert.Equal([1, 3, 4, 6], _x.slice(1, null, null, 2));
        TensorAssert.Equal([2, 3, 5, 6], _x.slice(1, 1, null));
        TensorAssert.Equal([1, 2, 4, 5], _x.slice(1, null, -1));
    }

    [Fact]
    public void Split_Parts_CoverTheDimension()
    {
        Assert.Equal([[2, 2], [2, 1]], _x.split(2, 1).Select(part => part.shape));
        Assert.Equal([[2, 1], [2, 2]], _x.split([1, 2], 1).Select(part => part.shape));
        Assert.Equal([[1, 3], [1, 3]], _x.chunk(2).Select(part => part.shape));
        TensorAssert.Equal([4, 5, 6], _x.unbind()[1]);
    }

    [Fact]
    public void IndexSelect_Gather_AndIndex_PickElements()
    {
        TensorAssert.Equal([3, 1, 6, 4], _x.index_select(1, torch.tensor([2L, 0])));
        TensorAssert.Equal([3, 4], _x.gather(1, torch.tensor([2L, 0], [2, 1])));
        TensorAssert.Equal([2, 6], _x.index(torch.tensor([0L, 1]), torch.tensor([1L, 2])));
        TensorAssert.Equal([3, 6], _x.index(null, torch.tensor([2L])));
    }

    [Fact]
    public void Triangles_Matrix_ZeroTheRest()
    {
        TensorAssert.Equal([1, 2, 3, 0, 5, 6], _x.triu());
        TensorAssert.Equal([0, 0, 0, 4, 0, 0], _x.tril(-1));
        TensorAssert.Equal([3, 2, 1, 6, 5, 4], _x.flip(1));
    }

    [Fact]
    public void Gradient_OfIndexing_EqualsDifferences()
    {
        Tensor index = torch.tensor([2L, 0, 2]);
        GradientCheck.Compare(x => x[0].index_select(1, index), GradientCheck.Input(7, 2, 3));
        GradientCheck.Compare(x => x[0].gather(1, index.unsqueeze(0)).narrow(1, 1, 2), GradientCheck.Input(8, 2, 3));
        GradientCheck.Compare(x => x[0].permute(1, 0).reshape(2, 3).expand(2, 2, 3), GradientCheck.Input(9, 2, 3));
    }

    [Fact]
    public void View_WrongSize_ErrorNamesOperator()
    {
        var error = Assert.Throws<TorchException>(() => _x.view(4, 2));
        Assert.StartsWith("aten::view: ", error.Message, StringComparison.Ordinal);
    }
}
