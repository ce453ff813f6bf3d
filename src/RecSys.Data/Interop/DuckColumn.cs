namespace RecSys.Data.Interop;

/// <summary>A column of a result or of a table to append to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="ElementType">The type inside a list; <see cref="DuckType.Invalid"/> for other columns.</param>
public sealed record DuckColumn(string Name, DuckType Type, DuckType ElementType = DuckType.Invalid);
