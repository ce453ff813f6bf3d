using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

public sealed partial class GrowingTable
{
    private const string FormatName = "format";
    private const string Format = "recsys growing table, version 2";
    private const string StepCountName = "optimizer_step_count";
    private const string ValuesName = "values";
    private const string StatesName = "states";

    /// <summary>Writes everything to a safetensors file; it appears under its name when it is complete.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Tensors, n = <see cref="Count"/> rows by ascending slot: <c>slots</c> I32 [n], <c>ids</c> I64 [n], <c>values</c> as
    /// <see cref="TableSpec.StoredAs"/> of n rows, <c>states</c> F32 [n × state width]; where the policies keep them <c>last_step</c> I32 [n], <c>last_time</c> I64 [n],
    /// <c>score</c> F32 [n]; ids that wait as <c>candidate_…</c> or <c>bloom_…</c>; <c>map_state</c>, <c>counters</c> (as
    /// <see cref="GrowingCounters"/>) and <c>optimizer_step_count</c> I64. Name, shape, policies and seed are text of the header.</remarks>
    public void Save(string path)
    {
        using var writer = new SafetensorsWriter(path);
        foreach ((string name, string text) in Description())
            writer.AddMetadata(name, text);
        writer.Declare(StepCountName, "I64", 1);
        _map.Declare(writer);
        writer.Declare(ValuesName, StoredAs(Count).Type, StoredAs(Count).Shape);
        writer.Declare(StatesName, "F32", Count, Rows.StateWidth);

        writer.Write<long>([Optimizer.StepCount]);
        Write(writer, UsedSlots());
        writer.Complete();
    }

    /// <summary>Creates the table that <see cref="Save"/> wrote; it goes on with the same bits.</summary>
    /// <param name="path">The file.</param>
    /// <param name="spec">As when it was written.</param>
    /// <param name="optimizer">Of the same kind as when it was written; its step count is set.</param>
    /// <param name="seed">As when it was written.</param>
    /// <exception cref="InvalidDataException">The file is damaged or holds another table; the message names it, the setting and both
    /// values.</exception>
    public static GrowingTable Load(string path, TableSpec spec, SparseOptimizer optimizer, ulong seed)
    {
        using var file = SafetensorsFile.Open(path);
        var table = new GrowingTable(spec, optimizer, seed);
        try
        {
            table.Read(file);
            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>The slots in use.</summary>
    internal RowSet UsedSlots() => _map.UsedSlots();

    /// <summary>The id of a slot in use.</summary>
    internal long IdOf(long slot) => _map.IdOf((int)slot);

    /// <summary>Writes the rows of some slots, and everything of the policies that does not belong to a slot: what
    /// <see cref="Save"/> writes, but for the count of the optimiser's steps.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="slots">Slots in use: all, or those that have changed.</param>
    internal void Write(IDataWriter writer, RowSet slots)
    {
        _map.Write(writer, slots);
        foreach (long slot in slots)
            writer.Write<byte>(Rows.RowBytes(slot));
        foreach (long slot in slots)
            writer.Write<float>(Rows.State(slot));
    }

    /// <summary>Reads what <see cref="Write"/> wrote into a table of the same settings: an empty one, or one as it was before the slots
    /// changed. A slot that had another id loses it.</summary>
    /// <returns>The slots; <see cref="Evicted"/> are the ids that they had before, be it that they have them again.</returns>
    /// <exception cref="InvalidDataException">The data do not fit; the message names the file.</exception>
    internal RowSet Read(IDataReader reader)
    {
        var slots = _map.Read(reader);
        var (type, shape) = StoredAs(slots.Count);
        reader.Expect(ValuesName, type, shape);
        foreach (long slot in slots)
        {
            reader.Read(Rows.RowBytes(slot));
            Rows.SetKey(slot, IdOf(slot));
        }

        reader.Expect(StatesName, "F32", slots.Count, Rows.StateWidth);
        foreach (long slot in slots)
            reader.Read(Rows.State(slot));
        return slots;
    }

    private void Read(SafetensorsFile file)
    {
        foreach ((string name, string expected) in Description())
        {
            string actual = file.Metadata.GetValueOrDefault(name, "");
            if (actual != expected)
                throw new InvalidDataException($"{file.Path}: {name} is '{actual}', but '{expected}' was expected.");
        }

        var reader = new SafetensorsReader(file);
        Span<long> stepCount = stackalloc long[1];
        reader.Expect(StepCountName, "I64", stepCount.Length);
        reader.Read(stepCount);
        Optimizer.StepCount = stepCount[0];
        Read(reader);
    }

    private (string Type, long[] Shape) StoredAs(long rowCount) => (Spec with { RowCount = rowCount }).StoredAs;

    // What a file has to agree with.
    private (string Name, string Text)[] Description() =>
    [
        (FormatName, Format),
        ("table", Spec.Name),
        ("capacity", $"{Spec.RowCount}"),
        ("width", $"{Spec.Width}"),
        ("precision", FormattableString.Invariant($"{Spec.Precision}, step {Spec.Precision.Step}")),
        ("initializer", FormattableString.Invariant($"{Spec.Initializer.Distribution}({Spec.Initializer.Scale})")),
        ("optimizer", Optimizer.Name),
        ("admission", $"{Options.Admission}"),
        ("eviction", $"{Options.Eviction}"),
        ("time_to_live", Options.TimeToLive is { } time ? $"{time}" : "none"),
        ("steps_ahead", $"{Options.StepsAhead}"),
        ("seed", $"{_seed}"),
    ];
}
