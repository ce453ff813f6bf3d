using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

public sealed partial class SlotMap
{
    private const string StateName = "map_state";
    private const string CountersName = "counters";
    private const string StepsName = "last_step";
    private const string TimesName = "last_time";
    private const string ScoresName = "score";

    /// <summary>Calls an action with every slot in use, ascending.</summary>
    internal void ForEachSlot(Action<int> action)
    {
        for (int slot = 0; slot < Capacity; slot++)
        {
            if (_index.IsUsed(slot))
                action(slot);
        }
    }

    /// <summary>Declares the tensors of the map.</summary>
    internal void Declare(SafetensorsWriter writer)
    {
        writer.Declare(StateName, "I64", 3);
        writer.Declare(CountersName, "I64", Unsafe.SizeOf<GrowingCounters>() / sizeof(long));
        GrowingFile.DeclareIds(writer, "", _index);
        if (_steps.Length > 0)
            writer.Declare(StepsName, "I32", Count);
        if (_times.Length > 0)
            writer.Declare(TimesName, "I64", Count);
        if (_scores.Length > 0)
            writer.Declare(ScoresName, "F32", Count);
        _filter.Declare(writer);
    }

    /// <summary>Writes what <see cref="Declare"/> declared.</summary>
    internal void Write(SafetensorsWriter writer)
    {
        writer.Write<long>([Step, Now, _hand]);
        writer.Write<GrowingCounters>([Counters]);
        GrowingFile.WriteIds(writer, _index);
        if (_steps.Length > 0)
            GrowingFile.WriteUsed<int>(writer, _index, All(_steps));
        if (_times.Length > 0)
            GrowingFile.WriteUsed<long>(writer, _index, All(_times));
        if (_scores.Length > 0)
            GrowingFile.WriteUsed<float>(writer, _index, All(_scores));
        _filter.Write(writer);
    }

    /// <summary>Reads what <see cref="Write"/> wrote into an empty map of the same capacity, options and seed.</summary>
    /// <returns>The slots in use, ascending.</returns>
    /// <exception cref="InvalidDataException">The tensors do not fit; the message names the file.</exception>
    internal ReadOnlySpan<int> Read(SafetensorsFile file)
    {
        ReadOnlySpan<long> state = GrowingFile.Read<long>(file, StateName, 3);
        Step = GrowingFile.InRange(file, StateName, state[0], 1L << 31);
        Now = state[1];
        _hand = GrowingFile.InRange(file, StateName, state[2], Capacity);
        ReadOnlySpan<long> counters = GrowingFile.Read<long>(file, CountersName, Unsafe.SizeOf<GrowingCounters>() / sizeof(long));
        _counters = MemoryMarshal.Cast<long, GrowingCounters>(counters)[0];
        _reads = _counters.Reads;
        _defaultReads = _counters.DefaultReads;
        ReadOnlySpan<int> slots = GrowingFile.ReadIds(file, "", _index);
        if (_steps.Length > 0)
            GrowingFile.ReadUsed(file, StepsName, slots, All(_steps));
        if (_times.Length > 0)
            GrowingFile.ReadUsed(file, TimesName, slots, All(_times));
        if (_scores.Length > 0)
            GrowingFile.ReadUsed(file, ScoresName, slots, All(_scores));
        _filter.Read(file);
        return slots;
    }
}
