namespace RecSys.Data.Reading;

/// <summary>Rows that are loaded as a whole.</summary>
/// <param name="Name">File, for messages.</param>
/// <param name="Relation">SQL of the relation that holds them.</param>
/// <param name="RowCount">Number of rows.</param>
internal sealed record Part(string Name, string Relation, int RowCount);
