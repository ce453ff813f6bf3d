namespace RecSys.Data.Reading;

/// <summary>Fills one batch after another; used by one thread.</summary>
internal interface IBatchProducer : IDisposable
{
    /// <summary>Fills the next batch.</summary>
    /// <param name="batch">An empty batch.</param>
    /// <returns>False when there is none left; the batch is then undefined.</returns>
    bool Fill(Batch batch);
}
