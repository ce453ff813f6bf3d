namespace RecSys.Embeddings.Growing;

/// <summary>An id and the slot that it got or lost.</summary>
/// <param name="Id">The id.</param>
/// <param name="Slot">Row number in the table.</param>
public readonly record struct SlotId(long Id, long Slot);
