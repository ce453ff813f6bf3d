using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

/// <summary>A table whose rows belong to 64-bit ids, without a vocabulary: ids get rows as they come and lose them by its policies.</summary>
/// <remarks>
/// <para>A training step is <see cref="BeginStep()"/>, <see cref="Resolve"/>, <see cref="GatherSlots"/>, <see cref="Update"/>. One
/// thread begins steps and resolves. It may be <see cref="GrowingOptions.StepsAhead"/> steps ahead of another that gathers and updates
/// by slots: rows still in work are pinned.</para>
/// <para><see cref="Find"/>, <see cref="Gather"/> and <see cref="GatherSlots"/> may run on several threads at once, while nobody changes
/// what they read. The table owns its memory.</para>
/// </remarks>
public sealed partial class GrowingTable : IDisposable
{
    /// <summary>Most rows of a table.</summary>
    public const int LargestCapacity = IdIndex.LargestCapacity;

    private const int ChunkLength = 512;
    private readonly SlotMap _map;
    private readonly ulong _seed;

    /// <summary>Creates an empty table.</summary>
    /// <param name="spec">Shape, policies and first values; <see cref="TableSpec.RowCount"/> is the capacity, 1 … 2^30.</param>
    /// <param name="optimizer">Optimiser of the rows; <see cref="Update"/> makes its steps.</param>
    /// <param name="seed">Seed of first values, hash functions and draws.</param>
    /// <exception cref="ArgumentException">The capacity or the width is out of range, or there are no policies.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public GrowingTable(TableSpec spec, SparseOptimizer optimizer, ulong seed)
    {
        Options = PoliciesOf(spec);
        Optimizer = optimizer;
        _seed = seed;
        _map = new SlotMap(spec.RowCount, Options, RowHash.Salt(seed, spec.Name, 1));
        try
        {
            Rows = RowTable.CreateUnfilled(spec, optimizer, seed);
        }
        catch
        {
            _map.Dispose();
            throw;
        }
    }

    /// <summary>Shape, policies and first values.</summary>
    public TableSpec Spec => Rows.Spec;

    /// <summary>Policies.</summary>
    public GrowingOptions Options { get; }

    /// <summary>Optimiser of the rows.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>The rows by slot. A row whose slot is free holds what its last id left.</summary>
    public RowTable Rows { get; }

    /// <summary>Ids that have a row.</summary>
    public int Count => _map.Count;

    /// <inheritdoc cref="SlotMap.Now"/>
    public long Now => _map.Now;

    /// <inheritdoc cref="SlotMap.Counters"/>
    public GrowingCounters Counters => _map.Counters;

    /// <summary>Bytes of native memory.</summary>
    public GrowingBytes Bytes => GrowingBytes.Of(Spec, Optimizer);

    /// <summary>Ids that the last <see cref="Resolve"/> gave a row, in order.</summary>
    public ReadOnlySpan<SlotId> Admitted => _map.Admitted;

    /// <summary>Ids that the last <see cref="Resolve"/> or <see cref="EvictExpired"/> took their row from, in order.</summary>
    public ReadOnlySpan<SlotId> Evicted => _map.Evicted;

    /// <inheritdoc cref="SlotMap.BeginStep()"/>
    public void BeginStep() => _map.BeginStep();

    /// <inheritdoc cref="SlotMap.BeginStep(long)"/>
    public void BeginStep(long now) => _map.BeginStep(now);

    /// <inheritdoc cref="SlotMap.Find"/>
    public void Find(ReadOnlySpan<long> ids, Span<long> slots) => _map.Find(ids, slots);

    /// <inheritdoc cref="SlotMap.Resolve"/>
    /// <remarks>Rows of new ids have their first values, which depend on (seed, table name, id) alone, and the state of a row that was
    /// never updated. The random rounding of their updates follows the id too, so the slot of a row changes nothing.</remarks>
    public void Resolve(ReadOnlySpan<long> ids, Span<long> slots)
    {
        _map.Resolve(ids, slots);
        foreach (SlotId admitted in _map.Admitted)
            Rows.ResetRow(admitted.Slot, admitted.Id);
    }

    /// <inheritdoc cref="SlotMap.EvictExpired()"/>
    public int EvictExpired() => _map.EvictExpired();

    /// <summary>Vectors of ids, for serving; zeros for an id without a row.</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="vectors">Receives [ids × width].</param>
    /// <exception cref="ArgumentException"><paramref name="vectors"/> is too short.</exception>
    public void Gather(ReadOnlySpan<long> ids, Span<float> vectors)
    {
        CheckRoom(ids.Length, vectors.Length);
        Span<long> slots = stackalloc long[ChunkLength];
        for (; !ids.IsEmpty; ids = ids[Math.Min(ids.Length, ChunkLength)..])
        {
            int count = Math.Min(ids.Length, ChunkLength);
            _map.Find(ids[..count], slots);
            GatherChunk(slots[..count], [], vectors);
            vectors = vectors[(count * Spec.Width)..];
        }
    }

    /// <summary>Vectors that a step would train if it were made now, without making it: where every id is admitted, one without a row has
    /// its first values already; else zeros. Changes nothing, not even the counts of reads.</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="vectors">Receives [ids × width].</param>
    /// <exception cref="ArgumentException"><paramref name="vectors"/> is too short.</exception>
    public void GatherAhead(ReadOnlySpan<long> ids, Span<float> vectors)
    {
        CheckRoom(ids.Length, vectors.Length);
        Span<long> slots = stackalloc long[ChunkLength];
        for (; !ids.IsEmpty; ids = ids[Math.Min(ids.Length, ChunkLength)..])
        {
            int count = Math.Min(ids.Length, ChunkLength);
            _map.Locate(ids[..count], slots[..count]);
            GatherChunk(slots[..count], Options.Admission.Rule == AdmissionRule.Always ? ids[..count] : [], vectors);
            vectors = vectors[(count * Spec.Width)..];
        }
    }

    /// <summary>Vectors of slots; zeros for the slot −1.</summary>
    /// <param name="slots">Slots as given by <see cref="Find"/> or <see cref="Resolve"/>.</param>
    /// <param name="vectors">Receives [slots × width].</param>
    /// <exception cref="ArgumentException">There is no such slot, or <paramref name="vectors"/> is too short.</exception>
    public void GatherSlots(ReadOnlySpan<long> slots, Span<float> vectors)
    {
        CheckRoom(slots.Length, vectors.Length);
        Span<long> chunk = stackalloc long[ChunkLength];
        for (; !slots.IsEmpty; slots = slots[Math.Min(slots.Length, ChunkLength)..])
        {
            int count = Math.Min(slots.Length, ChunkLength);
            slots[..count].CopyTo(chunk);
            GatherChunk(chunk[..count], [], vectors);
            vectors = vectors[(count * Spec.Width)..];
        }
    }

    /// <summary>One optimiser step on rows.</summary>
    /// <param name="slots">Distinct slots, each ≥ 0.</param>
    /// <param name="gradients">Their gradients, summed over the occurrences of a row, [slots × width].</param>
    /// <exception cref="ArgumentException">There is no such slot, or there are fewer gradients than slots.</exception>
    public void Update(ReadOnlySpan<long> slots, ReadOnlySpan<float> gradients)
    {
        Optimizer.BeginStep();
        Optimizer.Update(Rows, slots, gradients);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _map.Dispose();
        Rows.Dispose();
    }

    /// <summary>The policies of a growing table.</summary>
    /// <exception cref="ArgumentException">It is none, or it has a mask.</exception>
    internal static GrowingOptions PoliciesOf(TableSpec spec)
        => spec is { Growing: { } options, Mask: null }
            ? options
            : throw new ArgumentException($"Table '{spec.Name}' has {(spec.Growing is null ? "no policies of a growing table" : "a mask, which a growing table cannot have")}.", nameof(spec));

    // One call of the kernel for all: where there is no row it reads the first row, which is then replaced by the first values of the
    // id, or by zeros where no ids are given.
    private void GatherChunk(Span<long> slots, ReadOnlySpan<long> newIds, Span<float> vectors)
    {
        int width = Spec.Width;
        Span<bool> isAbsent = stackalloc bool[ChunkLength];
        for (int i = 0; i < slots.Length; i++)
        {
            isAbsent[i] = slots[i] == -1;
            if (isAbsent[i])
                slots[i] = 0;
        }

        EmbeddingKernels.Gather(Rows.Memory, slots, vectors);
        for (int i = 0; i < slots.Length; i++)
        {
            if (!isAbsent[i])
                continue;
            if (newIds.IsEmpty)
                vectors.Slice(i * width, width).Clear();
            else
                Rows.FirstValues(newIds[i], vectors.Slice(i * width, width));
        }
    }

    private void CheckRoom(int count, int length)
    {
        if ((long)count * Spec.Width > length)
            throw new ArgumentException($"{count} vectors of {Spec.Width} numbers do not fit into {length}.");
    }
}
