using System.Numerics.Tensors;
using RecSys.Embeddings;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using Tensor = RecSys.Torch.Tensor;

namespace RecSys.Training.Rows;

/// <summary>
/// The look-ups of one mini-batch whose rows are on a device. Where a vector is a row, or is made of rows one after the other, it is made, pooled, and
/// its gradient added up there, and neither comes to this process; vectors that a method computes otherwise are computed here, once per distinct id,
/// and sent there, as are the rows of tables that stay on the host.
/// </summary>
/// <remarks>Tensors belong to the dispose scope of the step. Not thread-safe.</remarks>
internal sealed class DeviceLookup : IRowStore
{
    private static readonly Operator s_place = new("recsys::rows_place_");

    private readonly EmbeddingCollection _embeddings;
    private readonly LookupPlan _plan;
    private readonly ITensorRowStore _store;
    private readonly HashSet<int> _read;
    private readonly Dictionary<RowOccurrences, DeviceOccurrences> _occurrences = [];
    private readonly Dictionary<int, DeviceTable.View> _sent = [];
    private readonly Dictionary<int, Tensor[]> _factors = [];
    private readonly Dictionary<int, Tensor> _offsets = [];
    private readonly Dictionary<int, Tensor> _gradients = [];
    private readonly Tensor _index;
    private readonly Tensor _none;
    private SortedOccurrences? _sorted;

    /// <summary>Sends the rows that a mini-batch needs, and where it needs them, to the device.</summary>
    /// <param name="embeddings">What made the plan.</param>
    /// <param name="plan">A planned mini-batch.</param>
    /// <param name="store">The rows.</param>
    public DeviceLookup(EmbeddingCollection embeddings, LookupPlan plan, ITensorRowStore store)
    {
        _embeddings = embeddings;
        _plan = plan;
        _store = store;
        _none = torch.empty([0], torch.int32, store.Device);
        _read = [.. embeddings.Sets.Where(s => s.ReadsRows).SelectMany(s => s.Features.Concat(s.IsComputedInSteps ? s.ComputedVectors : [])).SelectMany(f => f.Tables)];
        int places = 0;
        int occurrences = 0;
        foreach (int table in _read)
        {
            var batch = plan.Batch(table);
            if (!_occurrences.TryAdd(batch.Occurrences, new DeviceOccurrences(occurrences, batch.Index.Length, places, batch.Count)))
                continue;
            occurrences += batch.Index.Length;
            places += batch.Count;
        }

        var rows = torch.empty([places], torch.int64);
        var index = torch.empty([occurrences], torch.int32);
        foreach (var (own, place) in _occurrences)
        {
            own.Indexer.Keys.CopyTo(rows.Data<long>()[place.FirstPlace..]);
            TensorPrimitives.Add(own.Index, place.FirstPlace, index.Data<int>().Slice(place.First, place.Count));
        }

        _index = index.to(store.Device);
        if (!_read.Any(t => InPlace(t) is not null))
            return;
        var onDevice = rows.to(store.Device);
        foreach (var place in _occurrences.Values)
            place.Rows = onDevice.narrow(0, place.FirstPlace, place.PlaceCount);
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables => _store.Tables;

    // Rows that are only read where they lie never come here.
    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        RowBatch[] wanted = [.. batches.ToArray().Where(b => !_read.Contains(b.Table) || InPlace(b.Table) is null)];
        foreach ((var batch, var values) in wanted.Zip(_store.Bring(wanted)))
        {
            if (_read.Contains(batch.Table))
                _sent.Add(batch.Table, new DeviceTable.View(values, batch.Width));
            else
                values.cpu().Data<float>().CopyTo(batch.Values);
        }
    }

    /// <summary>Computes the vectors of a set.</summary>
    /// <param name="set">Index of the set.</param>
    /// <returns>The block that <see cref="EmbeddingCollection.Forward"/> gives, on the device.</returns>
    public Tensor Forward(int set)
    {
        var lookup = _embeddings.Sets[set];
        if (!lookup.ReadsRows)
        {
            var block = torch.empty([_embeddings.OutputLength(_plan, set)]);
            _embeddings.Forward(_plan, set, block.Data<float>());
            return block.to(_store.Device);
        }

        if (!lookup.IsComputedInSteps)
            lookup.Compute(_plan, _embeddings.ThreadCount);
        foreach (var computed in lookup.ComputedVectors)
        {
            var values = lookup.IsComputedInSteps ? Compute(computed, lookup.Dimension) : torch.tensor(_plan.Batch(computed.Target).Values, device: _store.Device);
            _sent.Add(computed.Target, new DeviceTable.View(values, lookup.Dimension));
        }

        var vectors = torch.empty([lookup.OutputLength(_plan)], device: _store.Device);
        Expand(vectors, lookup.Features.Select(feature =>
        {
            (int first, int stride, int count) = lookup.PlaceOf(_plan, feature);
            return ExpansionOf(feature, 0, OffsetsOf(feature), count, first, stride, lookup.Dimension, feature.Pooling == Pooling.Mean);
        }));
        return vectors;
    }

    /// <summary>Sums the gradient of a set's output per distinct row. The sums move to the scope around the innermost one.</summary>
    /// <param name="set">Index of the set.</param>
    /// <param name="gradient">Gradient of the block that <see cref="Forward"/> gives, on the device.</param>
    public void Backward(int set, Tensor gradient)
    {
        var lookup = _embeddings.Sets[set];
        if (!lookup.ReadsRows)
        {
            _embeddings.Backward(_plan, set, gradient.cpu().contiguous().Data<float>());
            return;
        }

        var places = new Places(_index);
        foreach (var feature in lookup.Features)
        {
            (int first, int stride, int count) = lookup.PlaceOf(_plan, feature);
            places.Note(FirstOccurrence(feature, 0), OffsetsOf(feature), count, first, stride, feature.Pooling == Pooling.Mean);
        }

        Dictionary<int, Tensor> ofComputed = [];
        foreach ((int table, var sums) in Sum(gradient.contiguous(), places, TablesOf(lookup.Features), lookup.Dimension))
        {
            if (table < Tables.Count)
                Keep(table, sums);
            else if (lookup.IsComputedInSteps)
                ofComputed.Add(table, sums);
            else
                sums.cpu().Data<float>().CopyTo(_plan.Batch(table).Gradients);
        }

        if (lookup.IsComputedInSteps)
            BackwardSteps(lookup, ofComputed);
        else
            lookup.BackwardComputed(_plan, _embeddings.ThreadCount);
        _plan.MarkGradient(set);
    }

    /// <summary>Brings all gradients to <see cref="RowBatch.Gradients"/>, for who wants to look at them.</summary>
    public void BringGradients()
    {
        foreach ((int table, var gradient) in _gradients)
            gradient.cpu().Data<float>().CopyTo(_plan.Batch(table).Gradients);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        using var scope = torch.NewDisposeScope();
        RowBatch[] all = batches.ToArray();
        _store.Update(
            all,
            [.. all.Select(b => _occurrences.TryGetValue(b.Occurrences, out var place) ? place.Rows : null)],
            [.. all.Select(b => _gradients.GetValueOrDefault(b.Table) ?? torch.tensor(b.Gradients, [b.Count, b.Width], device: _store.Device))]);
    }

    // Nothing here outlives the step.
    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static IEnumerable<int> TablesOf(IEnumerable<FeatureBinding> bindings) => bindings.SelectMany(f => f.Tables).Distinct();

    // The vectors of distinct ids. Factors are kept: each is a part of the gradient of the others.
    private Tensor Compute(FeatureBinding computed, int dimension)
    {
        int count = _plan.IdCount(computed.Feature);
        if (Multiplies(computed))
        {
            Tensor[] factors = [.. Enumerable.Range(0, computed.Tables.Length).Select(source =>
            {
                var factor = torch.empty([count * dimension], device: _store.Device);
                Expand(factor, [ExpansionOf(computed, source, _none, count, 0, dimension, dimension)]);
                return factor;
            })];
            _factors.Add(computed.Target, factors);
            return Product(factors);
        }

        var vectors = torch.empty([count * dimension], device: _store.Device);
        foreach ((int source, int column) in Columns(computed, dimension).Index())
        {
            bool adds = computed.Combination.Step(source) == RowStep.Add;
            bool isLastPlace = !adds && column + _store.Tables[computed.Tables[source]].Width < dimension && source == computed.Tables.Length - 1;
            Expand(vectors, [ExpansionOf(computed, source, _none, count, column, dimension, isLastPlace ? dimension - column : 0, adds: adds)]);
        }

        return vectors;
    }

    // From the gradients of the vectors of distinct ids to those of the rows they are made of.
    private void BackwardSteps(SetLookup lookup, Dictionary<int, Tensor> gradients)
    {
        if (lookup.ComputedVectors.Count == 0)
            return;
        var places = new Places(_index);
        List<Tensor> pieces = [];
        long start = 0;
        bool inFours = lookup.Dimension % 4 == 0;
        foreach (var computed in lookup.ComputedVectors)
        {
            var gradient = gradients[computed.Target].flatten();
            var factors = _factors.GetValueOrDefault(computed.Target);
            foreach ((int source, int column) in Columns(computed, lookup.Dimension).Index())
            {
                if (source == 0 || factors is not null)
                {
                    start = pieces.Sum(p => p.numel);
                    pieces.Add(factors is null ? gradient : gradient.mul(Product([.. factors.Where((_, other) => other != source)])));
                }

                inFours &= column % 4 == 0;
                places.Note(FirstOccurrence(computed, source), _none, _plan.IdCount(computed.Feature), start + column, lookup.Dimension, isMean: false);
            }
        }

        var all = pieces.Count == 1 ? pieces[0] : torch.cat([.. pieces], 0);
        foreach ((int table, var sums) in Sum(all, places, TablesOf(lookup.ComputedVectors), inFours ? lookup.Dimension : 1))
            Keep(table, sums);
    }

    private static bool Multiplies(FeatureBinding computed) => Enumerable.Range(0, computed.Tables.Length).Any(s => computed.Combination.Step(s) == RowStep.Multiply);

    private static Tensor Product(Tensor[] factors) => factors.Aggregate((a, b) => a.mul(b));

    // Where the row of each source begins in the vector.
    private List<int> Columns(FeatureBinding computed, int dimension)
    {
        List<int> columns = [];
        int column = 0;
        for (int source = 0; source < computed.Tables.Length; source++)
        {
            columns.Add(column);
            int width = _store.Tables[computed.Tables[source]].Width;
            column += computed.Combination.Step(source) == RowStep.Place && column + width < dimension ? width : 0;
        }

        return columns;
    }

    private int FirstOccurrence(FeatureBinding binding, int source)
        => _occurrences[_plan.Batch(binding.Tables[source]).Occurrences].First + _plan.Starts[binding.FirstSlot + source];

    private RowExpansion ExpansionOf(
        FeatureBinding binding, int source, Tensor offsets, int count, int first, int stride, int columns, bool isMean = false, bool adds = false)
    {
        int table = binding.Tables[source];
        var place = _occurrences[_plan.Batch(table).Occurrences];
        var inPlace = InPlace(table);
        return new RowExpansion(
            inPlace?.Values ?? _sent[table], inPlace is null ? null : place.Rows, place.FirstPlace, FirstOccurrence(binding, source), offsets, count, first, stride, columns, isMean, adds);
    }

    private void Expand(Tensor vectors, IEnumerable<RowExpansion> pieces) => RowExpansion.Run(vectors, _index, [.. pieces]);

    // Vectors that were computed have numbers behind those of the tables.
    private DeviceTable? InPlace(int table) => table < Tables.Count ? _store.TableInPlace(table) : null;

    // Of a pooled feature; empty for others.
    private Tensor OffsetsOf(FeatureBinding feature)
    {
        if (feature.IsSingle || feature.IsSequence)
            return _none;
        if (!_offsets.TryGetValue(feature.Feature, out var offsets))
        {
            offsets = torch.tensor(_plan.Offsets(feature.Feature)[..(_plan.BatchSize + 1)], device: _store.Device);
            _offsets.Add(feature.Feature, offsets);
        }

        return offsets;
    }

    private void Keep(int table, Tensor sums) => _gradients[table] = sums.MoveToOuterDisposeScope();

    private IEnumerable<(int Table, Tensor Sums)> Sum(Tensor gradient, Places places, IEnumerable<int> tables, int dimension)
    {
        _sorted ??= new SortedOccurrences(_index, _occurrences.Values.Sum(o => o.PlaceCount));
        places.Write();
        int[] all = [.. tables];
        return all.Zip(_sorted.Sum(gradient, places.Starts, places.Weights, [.. all.Select(PieceOf)], dimension));

        (long First, long Count, long FirstPlace, long PlaceCount, long Width) PieceOf(int table)
        {
            var batch = _plan.Batch(table);
            var own = _occurrences[batch.Occurrences];
            return (own.First, own.Count, own.FirstPlace, own.PlaceCount, batch.Width);
        }
    }

    // Which part of the index and the rows belongs to the occurrences of a table.
    private sealed record DeviceOccurrences(int First, int Count, int FirstPlace, int PlaceCount)
    {
        // Null where no kernel reads rows where they lie.
        public Tensor? Rows { get; set; }
    }

    // Per occurrence, where in a block of gradients that of its vector begins, and its weight in it.
    private sealed class Places(Tensor index)
    {
        private readonly List<Tensor> _offsets = [];
        private readonly List<long> _pieces = [];

        public Tensor Starts { get; } = torch.empty([index.numel], torch.int32, index.device);

        public Tensor Weights { get; } = torch.empty([index.numel], device: index.device);

        public void Note(int firstOccurrence, Tensor offsets, int count, long first, int stride, bool isMean)
        {
            _offsets.Add(offsets);
            _pieces.AddRange(firstOccurrence, count, first, stride, isMean ? 1 : 0);
        }

        public void Write() => s_place.Run(Starts, Weights, _offsets.ToArray(), _pieces.ToArray());
    }
}
