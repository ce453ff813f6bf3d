using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Dedup: trains full tables, cuts them into blocks of rows, lets blocks that resemble each other share one, and trains the shared ones
/// further.
/// </summary>
/// <remarks>
/// Zhou et al., "Serving Deep Learning Models with Deduplication from Relational Databases", PVLDB 15(10), 2022, as the study of Zhang et
/// al., PVLDB 17(4), 2023, uses it: two blocks resemble each other as far as 70 % of their numbers differ by no more than a distance.
/// There the distance is adjusted until the budget is met; here the number of blocks follows from the budget and the distance from it. A
/// field has at most 512 blocks (there: blocks of 10,000 rows), so all pairs are compared and no locality-sensitive hash is needed.
/// Blocks that training has hardly touched resemble each other most, so the method also merges rare ids.
/// </remarks>
internal sealed class DedupMethod : EmbeddingMethod, IVectorCompression
{
    private const int MostBlocks = 512;
    private const double Similarity = 0.7;

    /// <inheritdoc/>
    public override string Name => "dedup";

    /// <inheritdoc/>
    public override string Description => "Full tables of which similar blocks of B rows are merged after training: K blocks per field, and for every block of ids which it is.";

    /// <inheritdoc/>
    public override string ByteFormula => "Σ(4·d·B·K + ⌈n/B⌉·⌈log2 K⌉/8), the budget";

    /// <inheritdoc/>
    public override string Source => "Zhou et al., PVLDB 15(10), 2022; Zhang et al., PVLDB 17(4), 2023";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["block", "fine_tune_epochs"];

    /// <inheritdoc/>
    public override IReadOnlyList<MethodPhase> Phases(MethodOptions options)
        => [MethodPhase.Train, new("fine_tune", options.GetInt32("fine_tune_epochs", 1, minimum: 0))];

    /// <inheritdoc/>
    public override PhaseEnd EndPhase(PhaseContext context) => Compress(context.Request, context.Tables);

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
    {
        long?[] kept = Kept(request);
        Dictionary<string, PackedArray> maps = [];
        List<Action<IReadOnlyList<RowTable>>> copies = [];
        for (int f = 0; f < kept.Length; f++)
        {
            RowTable full = vectors[f];
            long blockRows = BlockRows(request, request.Fields[f]);
            int table = f;
            if (kept[f] is not long count)
            {
                copies.Add(tables => tables[table].CopyFrom(full));
                continue;
            }

            int[] shared = BlockMerging.Merge(full, blockRows, (int)count, Similarity);
            int[] stored = [.. shared.Distinct().Order()];
            maps.Add(request.Fields[f].Name, Packed(shared, stored));
            copies.Add(tables => CopyBlocks(full, stored, blockRows, tables[table]));
        }

        return new PhaseEnd(new MethodState(1, maps), tables => copies.ForEach(copy => copy(tables)));
    }

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        long?[] kept = Kept(request);
        var builder = new LayoutBuilder(request);
        long serve = 0;
        long maps = 0;
        for (int i = 0; i < kept.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            serve += kept[i] is long k ? ByteCount(request, field, k) : request.FullRowsByteCount(field);
            maps += kept[i] is long stored ? MapByteCount(request, field, stored) : 0;
            if (request.State.Phase == 0 || kept[i] is null)
                builder.AddFull(field);
            else
                AddMerged(builder, request, field, kept[i]!.Value);
        }

        return builder.Build(serve, maps);
    }

    private long?[] Kept(MethodRequest request)
        => KnobAllocation.Values(
            request,
            [.. request.Fields.Select(f => new SizeKnob(request.FullRowsByteCount(f), Smallest: 1, Blocks(request, f), kept => ByteCount(request, f, kept)))],
            Name);

    private static void AddMerged(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long kept)
    {
        long blockRows = BlockRows(request, field);
        int table = builder.AddTable(field.Name, kept * blockRows, request.Dimension, request.Initializer(field));
        builder.AddField(field, new RowSource(table, new BlockAddressing(request.State.Array(field.Name, Blocks(request, field)), blockRows)));
    }

    private static long ByteCount(MethodRequest request, EmbeddingField field, long kept)
        => (kept * BlockRows(request, field) * request.RowByteCount(request.Dimension)) + MapByteCount(request, field, kept);

    private static long MapByteCount(MethodRequest request, EmbeddingField field, long kept)
        => PackedArray.ByteCountOf(Blocks(request, field), PackedArray.BitsFor(kept - 1));

    private static long BlockRows(MethodRequest request, EmbeddingField field)
    {
        long fewest = (field.VocabularySize + MostBlocks - 1) / MostBlocks;
        return Math.Min(field.VocabularySize, Math.Max(fewest, request.Options.GetInt32("block", 1)));
    }

    private static long Blocks(MethodRequest request, EmbeddingField field)
        => (field.VocabularySize + BlockRows(request, field) - 1) / BlockRows(request, field);

    private static PackedArray Packed(int[] shared, int[] stored)
    {
        var map = new PackedArray(shared.Length, PackedArray.BitsFor(stored.Length - 1));
        for (int block = 0; block < shared.Length; block++)
            map[block] = (uint)Array.BinarySearch(stored, shared[block]);
        return map;
    }

    private static void CopyBlocks(RowTable full, int[] stored, long blockRows, RowTable target)
    {
        float[] row = new float[full.Spec.Width];
        for (int place = 0; place < stored.Length; place++)
        {
            long first = stored[place] * blockRows;
            for (long r = 0; r < blockRows && first + r < full.Spec.RowCount; r++)
            {
                full.ReadRow(first + r, row);
                target.WriteRow((place * blockRows) + r, row);
            }
        }
    }
}
