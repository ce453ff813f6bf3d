using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

public sealed partial class SlotMap
{
    private const string StateName = "map_state";
    private const string CountersName = "counters";
    private const string StepsName = "last_step";
    private const string TimesName = "last_time";
    private const string ScoresName = "score";

    /// <summary>The slots in use.</summary>
    internal RowSet UsedSlots() => _index.UsedSlots();

    /// <summary>The id of a slot in use.</summary>
    internal long IdOf(int slot) => _index.IdOf(slot);

    /// <summary>Declares the tensors of a map that is written whole.</summary>
    internal void Declare(SafetensorsWriter writer)
    {
        writer.Declare(StateName, "I64", 4);
        writer.Declare(CountersName, "I64", Unsafe.SizeOf<GrowingCounters>() / sizeof(long));
        GrowingFile.DeclareIds(writer, "", Count);
        if (_steps.Length > 0)
            writer.Declare(StepsName, "I32", Count);
        if (_times.Length > 0)
            writer.Declare(TimesName, "I64", Count);
        if (_scores.Length > 0)
            writer.Declare(ScoresName, "F32", Count);
        _filter.Declare(writer);
    }

    /// <summary>Writes some slots, and everything that does not belong to a slot.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="slots">Slots in use.</param>
    internal void Write(IDataWriter writer, RowSet slots)
    {
        writer.Write<long>([Step, Now, _hand, slots.Count]);
        writer.Write<GrowingCounters>([Counters]);
        GrowingFile.WriteIds(writer, _index, slots);
        if (_steps.Length > 0)
            GrowingFile.Write(writer, slots, _steps);
        if (_times.Length > 0)
            GrowingFile.Write(writer, slots, _times);
        if (_scores.Length > 0)
            GrowingFile.Write(writer, slots, _scores);
        _filter.Write(writer);
    }

    /// <summary>Reads what <see cref="Write"/> wrote into a map of the same capacity, options and seed: an empty one, or one as it was
    /// before the slots changed.</summary>
    /// <returns>The slots; <see cref="Evicted"/> are the ids that they had before, be it that they have them again.</returns>
    /// <exception cref="InvalidDataException">The data do not fit; the message names the file.</exception>
    internal RowSet Read(IDataReader reader)
    {
        Span<long> state = stackalloc long[4];
        reader.Expect(StateName, "I64", state.Length);
        reader.Read(state);
        Step = GrowingFile.InRange(reader, StateName, state[0], 1L << 31);
        Now = state[1] >= 0 ? state[1] : throw reader.Damaged($"tensor '{StateName}' holds the clock {state[1]}, which is at least 0");
        _hand = GrowingFile.InRange(reader, StateName, state[2], Capacity);
        int count = GrowingFile.InRange(reader, StateName, state[3], Capacity + 1L);
        reader.Expect(CountersName, "I64", Unsafe.SizeOf<GrowingCounters>() / sizeof(long));
        reader.Read(MemoryMarshal.CreateSpan(ref _counters, 1));
        _reads = _counters.Reads;
        _defaultReads = _counters.DefaultReads;
        _admitted.Clear();
        _evicted.Clear();
        var slots = GrowingFile.ReadIds(reader, "", count, _index, _evicted.Add);
        ReadUses(reader, slots, count);
        _filter.Read(reader);

        // What searches have noted may not hold any more.
        All(_oldestTimes).Clear();
        (_nothingExpiredStep, _allPinnedStep) = (-1, -1);
        return slots;
    }

    private void ReadUses(IDataReader reader, RowSet slots, int count)
    {
        if (_steps.Length > 0)
        {
            reader.Expect(StepsName, "I32", count);
            GrowingFile.Read(reader, slots, _steps);
        }

        if (_times.Length > 0)
        {
            reader.Expect(TimesName, "I64", count);
            GrowingFile.Read(reader, slots, _times);
        }

        if (_scores.Length > 0)
        {
            reader.Expect(ScoresName, "F32", count);
            GrowingFile.Read(reader, slots, _scores);
        }
    }
}
