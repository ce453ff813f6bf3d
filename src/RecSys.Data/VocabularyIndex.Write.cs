using System.Globalization;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Data;

// Made once per run, from the vocabularies of its data set.
public sealed partial class VocabularyIndex
{
    /// <summary>Writes the vocabularies of a data set. Memory takes 20 bytes per value of the largest vocabulary meanwhile.</summary>
    /// <param name="path">The file; it appears when it is complete.</param>
    /// <param name="data">The data set.</param>
    /// <exception cref="DataException">A vocabulary of the data set is damaged.</exception>
    public static void Write(string path, PreparedDataset data)
    {
        using var writer = new SafetensorsWriter(path);
        writer.AddMetadata(VersionKey, FormatVersion.ToString(CultureInfo.InvariantCulture));
        foreach ((string field, long size) in data.Schema.Vocabularies)
        {
            writer.Declare($"{field}/values", "U8", FieldIndex.Padded(data.Vocabulary(field).CountValueBytes()));
            writer.Declare($"{field}/offsets", "I64", size);
            writer.Declare($"{field}/slots", "I64", FieldIndex.SlotCount(size));
            writer.Declare($"{field}/checksum", "I64", 1);
        }

        foreach (string field in data.Schema.Vocabularies.Keys)
            Write(writer, data.Vocabulary(field));
        writer.Complete();
    }

    private static void Write(SafetensorsWriter writer, Vocabulary vocabulary)
    {
        var checksum = new XxHash64();
        long[] offsets = new long[vocabulary.Size];
        long[] slots = new long[FieldIndex.SlotCount(vocabulary.Size)];
        vocabulary.ReadAll((first, values) =>
        {
            for (int i = 0; i < values.Count; i++)
            {
                ReadOnlySpan<byte> value = values.Utf8(i);
                long id = first + i;
                offsets[id] = offsets[id - 1] + value.Length;
                Append(value);
                ulong hash = XxHash64.Compute(value);
                int slot = FieldIndex.FirstSlot(hash, slots.Length);
                while (slots[slot] != 0)
                    slot = FieldIndex.NextSlot(slot, slots.Length);
                slots[slot] = (long)(hash << 32) | id;
            }
        });
        Append<byte>(new byte[FieldIndex.Padded(offsets[^1]) - offsets[^1]]);
        Append<long>(offsets);
        Append<long>(slots);
        writer.Write<long>([(long)checksum.Hash]);

        void Append<T>(ReadOnlySpan<T> data)
            where T : unmanaged
        {
            writer.Write(data);
            checksum.Append(MemoryMarshal.AsBytes(data));
        }
    }
}
