using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

public sealed partial class GrowingTable
{
    private const string FormatName = "format";
    private const string Format = "recsys growing table, version 1";
    private const string StepCountName = "optimizer_step_count";
    private const string ValuesName = "values";
    private const string StatesName = "states";

    /// <summary>Writes everything to a safetensors file; it appears under its name when it is complete.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Tensors, n = <see cref="Count"/> rows by ascending slot: <c>ids</c> I64 [n], <c>slots</c> I32 [n], <c>values</c> as
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
        _map.Write(writer);
        _map.ForEachSlot(slot => writer.Write<byte>(Rows.RowBytes(slot)));
        _map.ForEachSlot(slot => writer.Write<byte>(MemoryMarshal.AsBytes(Rows.State(slot))));
        writer.Complete();
    }

    /// <summary>Creates the table that <see cref="Save"/> wrote; it goes on with the same bits.</summary>
    /// <param name="path">The file.</param>
    /// <param name="spec">As when it was written.</param>
    /// <param name="options">As when it was written.</param>
    /// <param name="optimizer">Of the same kind as when it was written; its step count is set.</param>
    /// <param name="seed">As when it was written.</param>
    /// <exception cref="InvalidDataException">The file is damaged or holds another table; the message names it, the setting and both
    /// values.</exception>
    public static GrowingTable Load(string path, TableSpec spec, GrowingOptions options, SparseOptimizer optimizer, ulong seed)
    {
        using var file = SafetensorsFile.Open(path);
        var table = new GrowingTable(spec, options, optimizer, seed);
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

    private void Read(SafetensorsFile file)
    {
        foreach ((string name, string expected) in Description())
        {
            string actual = file.Metadata.GetValueOrDefault(name, "");
            if (actual != expected)
                throw new InvalidDataException($"{file.Path}: {name} is '{actual}', but '{expected}' was expected.");
        }

        ReadOnlySpan<int> slots = _map.Read(file);
        ReadRows(file, ValuesName, slots, StoredAs(slots.Length), slot => Rows.RowBytes(slot));
        ReadRows(file, StatesName, slots, ("F32", [slots.Length, Rows.StateWidth]), slot => MemoryMarshal.AsBytes(Rows.State(slot)));
        Optimizer.StepCount = GrowingFile.Read<long>(file, StepCountName, 1)[0];
    }

    private delegate Span<byte> RowOfSlot(int slot);

    private static void ReadRows(SafetensorsFile file, string name, ReadOnlySpan<int> slots, (string Type, long[] Shape) expected, RowOfSlot row)
    {
        if (!file.Tensors.TryGetValue(name, out SafetensorsEntry? entry))
            throw new InvalidDataException($"{file.Path}: there is no tensor '{name}'.");
        if (entry.DType != expected.Type || !entry.Shape.SequenceEqual(expected.Shape))
            throw new InvalidDataException($"{file.Path}: tensor '{name}' is {entry.DType} [{string.Join(" × ", entry.Shape)}], but {expected.Type} [{string.Join(" × ", expected.Shape)}] was expected.");
        int byteCount = slots.IsEmpty ? 0 : (int)(entry.ByteCount / slots.Length);
        for (int i = 0; i < slots.Length; i++)
            file.Read<byte>(entry, (long)i * byteCount, byteCount).CopyTo(row(slots[i]));
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
