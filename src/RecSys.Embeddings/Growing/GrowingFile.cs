using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

/// <summary>Parts of the file of a growing table: ids with their slots, and data of the slots in use.</summary>
internal static class GrowingFile
{
    /// <summary>Declares ids and slots of an index: <c>ids</c> I64 and <c>slots</c> I32, by ascending slot.</summary>
    public static void DeclareIds(SafetensorsWriter writer, string prefix, IdIndex index)
    {
        writer.Declare(prefix + "ids", "I64", index.Count);
        writer.Declare(prefix + "slots", "I32", index.Count);
    }

    /// <summary>Writes what <see cref="DeclareIds"/> declared.</summary>
    public static void WriteIds(SafetensorsWriter writer, IdIndex index)
    {
        for (int slot = 0; slot < index.Capacity; slot++)
        {
            if (index.IsUsed(slot))
                writer.Write<long>([index.IdOf(slot)]);
        }

        for (int slot = 0; slot < index.Capacity; slot++)
        {
            if (index.IsUsed(slot))
                writer.Write<int>([slot]);
        }
    }

    /// <summary>Fills an empty index with what <see cref="WriteIds"/> wrote.</summary>
    /// <returns>The slots in use.</returns>
    /// <exception cref="InvalidDataException">The tensors do not fit, a slot is not in the index, or an id or slot comes twice.</exception>
    public static ReadOnlySpan<int> ReadIds(SafetensorsFile file, string prefix, IdIndex index)
    {
        ReadOnlySpan<long> ids = file.Read<long>(prefix + "ids");
        ReadOnlySpan<int> slots = Read<int>(file, prefix + "slots", ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            int slot = InRange(file, prefix + "slots", slots[i], index.Capacity);
            if (index.IsUsed(slot))
                throw new InvalidDataException($"{file.Path}: tensor '{prefix}slots' holds {slot} twice.");
            if (index.Find(ids[i]) >= 0)
                throw new InvalidDataException($"{file.Path}: tensor '{prefix}ids' holds {ids[i]} twice.");
            index.Add(ids[i], slot);
        }

        return slots;
    }

    /// <summary>Writes the elements of slots in use.</summary>
    public static void WriteUsed<T>(SafetensorsWriter writer, IdIndex index, ReadOnlySpan<T> data)
        where T : unmanaged
    {
        for (int slot = 0; slot < index.Capacity; slot++)
        {
            if (index.IsUsed(slot))
                writer.Write(data.Slice(slot, 1));
        }
    }

    /// <summary>Reads what <see cref="WriteUsed"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The tensor does not fit.</exception>
    public static void ReadUsed<T>(SafetensorsFile file, string name, ReadOnlySpan<int> slots, Span<T> data)
        where T : unmanaged
    {
        ReadOnlySpan<T> read = Read<T>(file, name, slots.Length);
        for (int i = 0; i < slots.Length; i++)
            data[slots[i]] = read[i];
    }

    /// <summary>A tensor of known length.</summary>
    /// <exception cref="InvalidDataException">It is missing, or has another type or length.</exception>
    public static ReadOnlySpan<T> Read<T>(SafetensorsFile file, string name, long length)
        where T : unmanaged
    {
        ReadOnlySpan<T> read = file.Read<T>(name);
        return read.Length == length
            ? read
            : throw new InvalidDataException($"{file.Path}: tensor '{name}' has {read.Length} elements, but {length} were expected.");
    }

    /// <summary>A number that has to be in [0, end).</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static int InRange(SafetensorsFile file, string name, long value, long end)
        => (ulong)value < (ulong)end
            ? (int)value
            : throw new InvalidDataException($"{file.Path}: tensor '{name}' holds {value}; valid are 0 … {end - 1}.");
}
