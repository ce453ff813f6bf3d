namespace RecSys.Data;

/// <summary>What a preparation wrote.</summary>
/// <param name="Folder">The prepared data set.</param>
/// <param name="Schema">Its schema.</param>
/// <param name="ByteCount">Bytes of all its files.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record PreparationSummary(string Folder, DataSchema Schema, long ByteCount, TimeSpan Elapsed)
{
    /// <summary>Rows of all splits.</summary>
    public long RowCount => Schema.RowCounts.Values.Sum();
}
