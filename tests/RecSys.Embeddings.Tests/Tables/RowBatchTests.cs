using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Tables;

public sealed class RowBatchTests
{
    [Fact]
    public void Add_TwoRuns_SharesRowsAndKeepsPositions()
    {
        var batch = new RowBatch(table: 2, width: 3);

        Assert.Equal(0, batch.Add([5, 7, 5]));
        Assert.Equal(3, batch.Add([9, 7]));

        Assert.Equal([5, 7, 9], batch.Rows.ToArray());
        Assert.Equal([0, 1, 0, 2, 1], batch.Index.ToArray());
        Assert.Equal((3, 9, 9), (batch.Count, batch.Values.Length, batch.Gradients.Length));
    }

    [Fact]
    public void ClearGradients_AfterAnotherMiniBatch_SetsAllToZero()
    {
        var batch = new RowBatch(0, 4);
        batch.Add([1, 2, 3]);
        batch.Gradients.Fill(5);
        batch.Clear();
        batch.Add([8, 9]);

        batch.ClearGradients();

        Assert.Equal(new float[8], batch.Gradients.ToArray());
    }

    [Fact]
    public void Values_WhenRowsAreAdded_Grow()
    {
        var batch = new RowBatch(0, 2);
        batch.Add([1]);
        Assert.Equal(2, batch.Values.Length);

        batch.Add([.. Enumerable.Range(0, 1000).Select(i => (long)i)]);

        Assert.Equal(2000, batch.Values.Length);
        batch.Clear();
        Assert.True(batch.Values.IsEmpty);
        Assert.True(batch.Rows.IsEmpty);
        Assert.True(batch.Index.IsEmpty);
    }
}
