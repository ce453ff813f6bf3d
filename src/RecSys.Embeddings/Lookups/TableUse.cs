using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Lookups;

/// <summary>One feature reading one table, or one number computed for each of its ids.</summary>
/// <param name="Feature">Index of the feature.</param>
/// <param name="Addressing">Id → row, or null when the whole table is read.</param>
/// <param name="Slot">Where the plan keeps the position of the first occurrence, or the numbers.</param>
internal readonly record struct TableUse(int Feature, Addressing? Addressing, int Slot);
