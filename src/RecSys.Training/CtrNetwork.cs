using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;
using RecSys.Training.Models;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>
/// A CTR model joined with its embeddings: mini-batches in, logits out. Where the rows live is the caller's choice of
/// <see cref="IRowReader"/>.
/// </summary>
/// <remarks>Not thread-safe, except <see cref="Plan"/>, which may run on another thread for another plan.</remarks>
public sealed class CtrNetwork : IDisposable
{
    // Beside the groups, whose names begin with those of sets.
    private const string ModelKey = "model";

    // libtorch has one generator for all threads: only one at a time seeds it and draws the first values of a model.
    private static readonly Lock s_drawing = new();

    private readonly DataSchema _schema;
    private readonly MethodState? _decided;
    private readonly long _maxHistoryIds;

    private CtrNetwork(CtrModel model, DataSchema schema, EmbeddingLayout layout, Device device, MethodState? decided, long maxHistoryIds)
    {
        _maxHistoryIds = maxHistoryIds;
        _schema = schema;
        _decided = decided;
        Layout = layout;
        Model = model;
        Embeddings = new EmbeddingCollection(schema.EmbeddingFeatures, layout.Sets);
        Device = device;
    }

    /// <summary>The dense part.</summary>
    public CtrModel Model { get; }

    /// <summary>Tables of the embedding sets, and the methods they belong to.</summary>
    public EmbeddingLayout Layout { get; }

    /// <summary>What the methods have decided so far, by the name of their group, and what the model has.</summary>
    public IReadOnlyDictionary<string, MethodState> States => Layout.Groups.Select(g => KeyValuePair.Create(g.Name, g.Request.State))
        .Concat(_decided is null ? [] : [KeyValuePair.Create(ModelKey, _decided)]).ToDictionary();

    /// <summary>The tasks it learns beside that of the label.</summary>
    public IReadOnlyList<DataTask> Tasks => Model.LearnsTasks ? _schema.Tasks : [];

    /// <summary>What a search has decided about the model: choices by what they are about; empty where nothing was searched.</summary>
    public IReadOnlyDictionary<string, string> Decisions => _decided is null ? new Dictionary<string, string>() : Model.Decisions(_decided);

    /// <summary>Addressing and combination of the rows.</summary>
    public EmbeddingCollection Embeddings { get; }

    /// <summary>Where the dense part computes.</summary>
    public Device Device { get; }

    /// <summary>Creates model and embedding sets; tables are only described, not allocated. Seeds libtorch's generator.</summary>
    /// <param name="config">The run's configuration.</param>
    /// <param name="schema">Features of the data set.</param>
    /// <param name="states">What has been decided so far, see <see cref="States"/>; null before the first step. It then belongs to the network.</param>
    /// <param name="device">Where the dense part computes; the processor when absent.</param>
    public static CtrNetwork Create(RunConfig config, DataSchema schema, IReadOnlyDictionary<string, MethodState>? states = null, Device? device = null)
    {
        var context = new ModelContext(schema, config.Embedding.Dimension, config.Model.Options, states?.GetValueOrDefault(ModelKey));
        CtrModel model;
        lock (s_drawing)
        {
            torch.manual_seed(config.Train.Seed);
            model = CtrModels.Create(config.Model.Name, context);
        }

        var layout = EmbeddingLayout.Build(config.Embedding, schema, model.Sets, states);
        config.Root.ThrowOnUnknownKeys();
        model.to(device ?? torch.CPU);
        return new CtrNetwork(model, schema, layout, device ?? torch.CPU, states?.GetValueOrDefault(ModelKey), config.Train.MaxHistoryIds);
    }

    /// <summary>Ends the model's search.</summary>
    /// <returns>What the network that follows is made with.</returns>
    internal IReadOnlyDictionary<string, MethodState> EndSearch() => new Dictionary<string, MethodState> { [ModelKey] = Model.EndSearch() };

    /// <summary>What the model has decided, where another network begins with it.</summary>
    /// <param name="next">States of the groups of the other network.</param>
    internal Dictionary<string, MethodState> WithDecided(Dictionary<string, MethodState> next)
    {
        if (_decided is not null)
            next.Add(ModelKey, _decided);
        return next;
    }

    /// <summary>Bytes of every table, set after set, before anything is allocated.</summary>
    /// <param name="optimizer">Optimiser of the rows.</param>
    /// <param name="batchSize">Samples per step.</param>
    public IReadOnlyList<ByteLedger> CountBytes(SparseOptimizer optimizer, int batchSize)
        => [.. Layout.Sets.Select(s => ByteLedger.Of(s.Layout, optimizer.StateWidth, field => batchSize * IdsPerSample(s, field)))];

    /// <summary>Hashes and de-duplicates the ids of a batch; may run ahead on another thread.</summary>
    /// <param name="batch">The batch; its <see cref="Batch.Tag"/> keeps the plan.</param>
    public void Plan(Batch batch)
    {
        var lookup = batch.Tag as BatchLookup ?? new BatchLookup(Embeddings.CreatePlan());
        batch.Tag = lookup;
        Embeddings.Plan(batch.Ids, lookup.Plan);
    }

    /// <summary>Reads the rows of a planned batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">Where the rows are.</param>
    public void Gather(Batch batch, IRowReader rows)
    {
        var lookup = LookupOf(batch);
        lookup.Device = rows is ITensorRowStore { IsOnDevice: true } store ? new DeviceLookup(Embeddings, lookup.Plan, store) : null;
        Embeddings.Gather(lookup.Plan, lookup.Device ?? rows);
    }

    /// <summary>Turns the rows of a gathered batch into what the model computes from.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="training">Whether the vectors are leaves that collect gradients.</param>
    /// <returns>
    /// The batch, or parts of it in order where its histories have more than <see cref="TrainConfig.MaxHistoryIds"/> ids: as many samples each as
    /// stay within, one at least.
    /// </returns>
    public IReadOnlyList<ModelInput> Combine(Batch batch, bool training)
    {
        var lookup = LookupOf(batch);
        Tensor[] blocks = [.. Model.Sets.Select((_, s) => lookup.Device?.Forward(s) ?? Forward(lookup.Plan, s))];
        return [.. Parts(batch).Select(samples => Cut(batch, blocks, samples, training))];
    }

    /// <summary>Sums the gradients of the vectors per distinct row.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="parts">What <see cref="Combine"/> gave for it, after the backward pass.</param>
    public void Coalesce(Batch batch, IReadOnlyList<ModelInput> parts)
    {
        var lookup = LookupOf(batch);
        for (int s = 0; s < Model.Sets.Count; s++)
        {
            using var scope = torch.NewDisposeScope();
            var gradient = SetVectors.Gradient([.. parts.Select(part => part.Sets[s])]);
            if (lookup.Device is null)
                Embeddings.Backward(lookup.Plan, s, gradient.cpu().contiguous().Data<float>());
            else
                lookup.Device.Backward(s, gradient);
        }
    }

    /// <summary>The plan of a planned batch.</summary>
    /// <param name="batch">The batch.</param>
    public static LookupPlan PlanOf(Batch batch) => LookupOf(batch).Plan;

    /// <summary>Makes the summed gradients those of <see cref="RowsOf"/>, where rows are on a device too.</summary>
    /// <param name="batch">A batch after <see cref="Coalesce"/>.</param>
    public static void BringGradients(Batch batch) => LookupOf(batch).Device?.BringGradients();

    /// <summary>The distinct rows of a planned batch, one entry per table; with gradients after <see cref="Coalesce"/>, if they are in this process.</summary>
    /// <param name="batch">The batch.</param>
    public static ReadOnlySpan<RowBatch> RowsOf(Batch batch) => PlanOf(batch).Batches;

    /// <summary>What the backward pass has noted of the ids of a group's fields.</summary>
    /// <param name="batch">A batch with summed gradients.</param>
    /// <param name="group">A group of <see cref="Layout"/>.</param>
    public IReadOnlyList<IdNotes> Notes(Batch batch, EmbeddingGroup group)
    {
        int set = Model.Sets.ToList().FindIndex(s => s.Name == group.Request.SetName);
        return [.. Embeddings.Notes(PlanOf(batch), set).Where(n => group.Request.Fields.Contains(n.Field))];
    }

    /// <summary>One step of the sparse optimiser.</summary>
    /// <param name="batch">A batch with summed gradients.</param>
    /// <param name="rows">Where the rows are.</param>
    public void Apply(Batch batch, IRowStore rows) => Embeddings.Apply(PlanOf(batch), LookupOf(batch).Device ?? rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        Layout.Dispose();
    }

    // Most ids of a field in one sample. A bag without a limit may hold the whole vocabulary.
    private long IdsPerSample(EmbeddingSet set, EmbeddingField field)
    {
        var lengths = _schema.Features.Where(f => f.HasIds).Select(f => f.MaxLength > 0 ? f.MaxLength : field.VocabularySize).ToList();
        return set.Features.Where(f => _schema.EmbeddingFeatures[f.Feature].Field == field).Sum(f => lengths[f.Feature]);
    }

    private static BatchLookup LookupOf(Batch batch)
        => batch.Tag as BatchLookup ?? throw new InvalidOperationException("The batch was not planned.");

    private Tensor Forward(LookupPlan plan, int set)
    {
        var block = torch.empty([Embeddings.OutputLength(plan, set)]);
        Embeddings.Forward(plan, set, block.Data<float>());
        return block.to(Device);
    }

    private IEnumerable<Range> Parts(Batch batch)
    {
        var histories = Model.Sets.SelectMany(set => set.Features).Where(f => f.Pooling == Pooling.None).Select(f => f.Feature).Distinct().ToList();
        int start = 0;
        if (_maxHistoryIds > 0 && histories.Sum(f => (long)batch.Ids[f].Values.Length) > _maxHistoryIds)
        {
            long ids = 0;
            for (int sample = 0; sample < batch.Size; sample++)
            {
                long own = histories.Sum(f => batch.Ids[f].Offsets[sample + 1] - batch.Ids[f].Offsets[sample]);
                if (sample > start && ids + own > _maxHistoryIds)
                {
                    yield return start..sample;
                    (start, ids) = (sample, 0);
                }

                ids += own;
            }
        }

        yield return start..batch.Size;
    }

    private ModelInput Cut(Batch batch, Tensor[] blocks, Range samples, bool training)
    {
        (int start, int count) = samples.GetOffsetAndLength(batch.Size);
        return new ModelInput(
            count,
            Columns(batch.Numeric, _schema.NumericCount),
            [.. Model.Sets.Select((set, s) => Cut(batch, blocks[s], set, start, count, training))],
            training ? torch.tensor(batch.Labels.AsSpan(start, count), [count]).to(Device) : null,
            training ? Columns(batch.TaskLabels, Tasks.Count) : null);

        Tensor? Columns(float[] values, int width)
            => width == 0 ? null : torch.tensor(values.AsSpan(start * width, count * width), [count, width]).to(Device);
    }

    // The block holds first [batch, feature, dimension] of single-id and pooled features, then [ids, dimension] per history.
    // Each part is a leaf of its own: a gradient that ran through the cut would be copied into a block of zeros per part.
    private SetVectors Cut(Batch batch, Tensor block, SetRequest set, int start, int count, bool training)
    {
        long dimension = set.Dimension;
        var histories = set.Features.Where(f => f.Pooling == Pooling.None).ToList();
        long fields = set.Features.Count - histories.Count;
        var vectors = Leaf(block.narrow(0, start * fields * dimension, count * fields * dimension).view(count, fields, dimension), training);
        long position = batch.Size * fields * dimension;
        List<SequenceVectors> sequences = [];
        foreach (var history in histories)
        {
            var ids = batch.Ids[history.Feature];
            int first = ids.Offsets[start];
            int length = ids.Offsets[start + count] - first;
            var values = Leaf(block.narrow(0, position + (first * dimension), length * dimension).view(length, dimension), training);
            sequences.Add(new SequenceVectors(history.Feature, values, OffsetsOf(ids.Offsets.Slice(start, count + 1))));
            position += ids.Values.Length * dimension;
        }

        return new SetVectors(vectors, FirstSamples(batch, [.. set.Features.Except(histories)], count), sequences);
    }

    // Of a part of the batch it is not known.
    private static Tensor FirstSamples(Batch batch, List<PooledFeature> fields, int count)
    {
        var result = torch.empty([fields.Count, count], torch.int32);
        var span = result.Data<int>();
        for (int f = 0; f < fields.Count; f++, span = span[count..])
        {
            var first = count == batch.Size ? PlanOf(batch).FirstSamples(fields[f].Feature) : [];
            first.CopyTo(span);
            if (first.IsEmpty)
                span[0] = -1;
        }

        return result;
    }

    // What a batch carries along.
    private sealed record BatchLookup(LookupPlan Plan)
    {
        // The look-ups of the step at work, where its rows are on a device.
        public DeviceLookup? Device { get; set; }
    }

    private static Tensor Leaf(Tensor vectors, bool training) => training ? vectors.requires_grad_() : vectors;

    private Tensor OffsetsOf(ReadOnlySpan<int> of)
    {
        var offsets = torch.empty([of.Length], torch.int64);
        var span = offsets.Data<long>();
        for (int i = 0; i < span.Length; i++)
            span[i] = of[i] - of[0];
        return offsets.to(Device);
    }
}
