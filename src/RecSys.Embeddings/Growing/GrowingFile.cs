using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

/// <summary>Parts of a file of a growing table: slots with their ids, and numbers of slots.</summary>
internal static class GrowingFile
{
    // Numbers that are collected before they are written, or read at once.
    private const int PieceLength = 1024;

    /// <summary>Declares slots and ids: <c>slots</c> I32 and <c>ids</c> I64, by ascending slot.</summary>
    public static void DeclareIds(SafetensorsWriter writer, string prefix, long count)
    {
        writer.Declare(prefix + "slots", "I32", count);
        writer.Declare(prefix + "ids", "I64", count);
    }

    /// <summary>Writes slots in use and their ids.</summary>
    public static void WriteIds(IDataWriter writer, IdIndex index, RowSet slots)
    {
        Write(writer, slots, slot => slot);
        Write(writer, slots, index.IdOf);
    }

    /// <summary>Reads what <see cref="WriteIds"/> wrote: the slots lose the ids that they have and get those that are read.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="prefix">What the names of its tensors begin with.</param>
    /// <param name="count">Slots.</param>
    /// <param name="index">The index.</param>
    /// <param name="removed">Told of every id that loses its slot, be it that it gets it back.</param>
    /// <returns>The slots.</returns>
    /// <exception cref="InvalidDataException">A slot is not in the index, or an id or slot comes twice.</exception>
    public static RowSet ReadIds(IDataReader reader, string prefix, int count, IdIndex index, Action<SlotId>? removed = null)
    {
        string slotsName = prefix + "slots";
        string idsName = prefix + "ids";
        reader.Expect(slotsName, "I32", count);
        var slots = ReadSlots(reader, slotsName, count, index.Capacity);
        foreach (long slot in slots)
        {
            if (!index.IsUsed((int)slot))
                continue;
            removed?.Invoke(new SlotId(index.IdOf((int)slot), slot));
            index.Remove((int)slot);
        }

        reader.Expect(idsName, "I64", count);
        Read<long>(reader, slots, (slot, id) =>
        {
            if (index.Find(id) >= 0)
                throw reader.Damaged($"tensor '{idsName}' holds {id} twice");
            index.Add(id, slot);
        });
        return slots;
    }

    /// <summary>Writes a number of each slot.</summary>
    public static void Write<T>(IDataWriter writer, RowSet slots, Func<int, T> numberOf)
        where T : unmanaged
    {
        Span<T> piece = new T[PieceLength];
        int length = 0;
        foreach (long slot in slots)
        {
            piece[length++] = numberOf((int)slot);
            if (length < PieceLength)
                continue;
            writer.Write<T>(piece);
            length = 0;
        }

        writer.Write<T>(piece[..length]);
    }

    /// <summary>Writes a number of each slot.</summary>
    public static void Write<T>(IDataWriter writer, RowSet slots, NativeBuffer<T> data)
        where T : unmanaged => Write(writer, slots, slot => data.Span(slot, 1)[0]);

    /// <summary>Reads a number of each slot.</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public static void Read<T>(IDataReader reader, RowSet slots, Action<int, T> take)
        where T : unmanaged
    {
        Span<T> piece = new T[PieceLength];
        long left = slots.Count;
        int next = 0;
        int length = 0;
        foreach (long slot in slots)
        {
            if (next == length)
            {
                length = (int)Math.Min(PieceLength, left);
                left -= length;
                next = 0;
                reader.Read(piece[..length]);
            }

            take((int)slot, piece[next++]);
        }
    }

    /// <summary>Reads a number of each slot.</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public static void Read<T>(IDataReader reader, RowSet slots, NativeBuffer<T> data)
        where T : unmanaged => Read<T>(reader, slots, (slot, number) => data.Span(slot, 1)[0] = number);

    /// <summary>A number that has to be in [0, end).</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public static int InRange(IDataReader reader, string name, long value, long end)
        => (ulong)value < (ulong)end
            ? (int)value
            : throw reader.Damaged($"tensor '{name}' holds {value}; valid are 0 … {end - 1}");

    private static RowSet ReadSlots(IDataReader reader, string name, int count, int capacity)
    {
        var slots = new RowSet(capacity);
        Span<int> piece = new int[PieceLength];
        for (int last = -1; count > 0; count -= piece.Length)
        {
            piece = piece[..Math.Min(PieceLength, count)];
            reader.Read(piece);
            foreach (int slot in piece)
            {
                if (InRange(reader, name, slot, capacity) <= last)
                    throw reader.Damaged($"tensor '{name}' holds {slot} after {last}, but slots ascend");
                slots.Add(last = slot);
            }
        }

        return slots;
    }
}
