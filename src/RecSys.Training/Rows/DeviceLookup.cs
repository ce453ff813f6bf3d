using System.Runtime.InteropServices;
using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>
/// The look-ups of one mini-batch whose rows are on a device. Where a vector is a row, it is read, pooled, and its gradient added up there, and
/// neither comes to this process; vectors that a method computes from several rows are computed here, once per distinct id, and sent there, as are
/// the rows of tables that stay on the host.
/// </summary>
/// <remarks>Tensors belong to the dispose scope of the step. Not thread-safe.</remarks>
internal sealed class DeviceLookup : IRowStore
{
    private static readonly Operator s_place = new("recsys::rows_place_");
    private static readonly Operator s_sum = new("recsys::rows_sum");
    private static readonly Operator s_sort = new("aten::sort.stable");
    private static readonly Operator s_search = new("aten::searchsorted.Tensor");

    private readonly EmbeddingCollection _embeddings;
    private readonly LookupPlan _plan;
    private readonly DeviceRowStore _store;
    private readonly Dictionary<RowOccurrences, DeviceOccurrences> _occurrences = [];
    private readonly Dictionary<int, Tensor> _offsets = [];
    private readonly Dictionary<int, Tensor> _gradients = [];
    private readonly Tensor _index;
    private (Tensor Sorted, Tensor Order, Tensor Starts)? _order;

    /// <summary>Sends the rows that a mini-batch needs, and where it needs them, to the device.</summary>
    /// <param name="embeddings">What made the plan.</param>
    /// <param name="plan">A planned mini-batch.</param>
    /// <param name="store">The rows.</param>
    public DeviceLookup(EmbeddingCollection embeddings, LookupPlan plan, DeviceRowStore store)
    {
        _embeddings = embeddings;
        _plan = plan;
        _store = store;
        int[] read = [.. embeddings.Sets.Where(s => s.ReadsRows).SelectMany(s => s.Features).Select(f => f.Tables[0]).Distinct()];
        int places = 0;
        int occurrences = 0;
        foreach (int table in read)
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
            var target = index.Data<int>().Slice(place.First, place.Count);
            for (int i = 0; i < target.Length; i++)
                target[i] = place.FirstPlace + own.Index[i];
        }

        _index = index.to(store.Device);
        var onDevice = rows.to(store.Device);
        foreach (var place in _occurrences.Values)
            place.Rows = onDevice.narrow(0, place.FirstPlace, place.PlaceCount);
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables => _store.Tables;

    // Rows that are only read by their index never come here.
    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (var batch in batches)
        {
            if (!IsRead(batch))
                _store.Gather([batch]);
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

        lookup.Compute(_plan, _embeddings.ThreadCount);
        var sent = lookup.ComputedVectors.ToDictionary(c => c.Target, c => new DeviceTable.View(torch.tensor(_plan.Batch(c.Target).Values, device: _store.Device), lookup.Dimension));
        foreach (int table in lookup.Features.Select(f => f.Tables[0]).Distinct().Where(IsOnHost))
            sent.Add(table, new DeviceTable.View(_store.DeviceTables[table].Gather(torch.tensor(_plan.Batch(table).Rows)).to(_store.Device), Tables[table].Width));
        var vectors = torch.empty([lookup.OutputLength(_plan)], device: _store.Device);
        foreach (var feature in lookup.Features)
        {
            int table = feature.Tables[0];
            var place = _occurrences[_plan.Batch(table).Occurrences];
            bool isSent = sent.TryGetValue(table, out var view);
            (int first, int stride, int count) = lookup.PlaceOf(_plan, feature);
            (isSent ? view! : _store.DeviceTables[table].Values).Expand(
                vectors, isSent ? null : place.Rows, place.FirstPlace, _index, place.First + _plan.Starts[feature.FirstSlot], OffsetsOf(feature), count, first, stride, lookup.Dimension, IsMean(feature));
        }

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

        gradient = gradient.contiguous();
        var places = torch.empty([_index.numel], torch.int32, _store.Device);
        var weights = torch.empty([_index.numel], device: _store.Device);
        foreach (var feature in lookup.Features)
        {
            (int first, int stride, int count) = lookup.PlaceOf(_plan, feature);
            int occurrence = _occurrences[_plan.Batch(feature.Tables[0]).Occurrences].First + _plan.Starts[feature.FirstSlot];
            s_place.Run(places, weights, (long)occurrence, OffsetsOf(feature), (long)count, (long)first, (long)stride, IsMean(feature));
        }

        foreach (int table in lookup.Features.Select(f => f.Tables[0]).Distinct())
        {
            var sums = Sum(gradient, places, weights, _plan.Batch(table), lookup.Dimension);
            if (table < Tables.Count)
                _gradients[table] = sums.to(_store.DeviceTables[table].Device).MoveToOuterDisposeScope();
            else
                sums.cpu().Data<float>().CopyTo(_plan.Batch(table).Gradients);
        }

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
        _store.Optimizer.BeginStep();
        foreach (var batch in batches)
        {
            var table = _store.DeviceTables[batch.Table];
            var rows = !table.IsOnHost && _occurrences.TryGetValue(batch.Occurrences, out var place) ? place.Rows : torch.tensor(batch.Rows, device: table.Device);
            table.Apply(rows, _gradients.GetValueOrDefault(batch.Table) ?? torch.tensor(batch.Gradients, device: table.Device), _store.Optimizer);
        }
    }

    // Nothing here outlives the step.
    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static bool IsMean(FeatureBinding feature) => feature.Pooling == Pooling.Mean;

    private bool IsOnHost(int table) => table < Tables.Count && _store.DeviceTables[table].IsOnHost;

    private bool IsRead(RowBatch batch) => _embeddings.Sets.Any(s => s.ReadsRows && s.Features.Any(f => f.Tables[0] == batch.Table));

    // Of a pooled feature; empty for others.
    private Tensor OffsetsOf(FeatureBinding feature)
    {
        int key = feature.IsSingle || feature.IsSequence ? -1 : feature.Feature;
        if (!_offsets.TryGetValue(key, out var offsets))
        {
            offsets = key < 0 ? torch.empty([0], torch.int32, _store.Device) : torch.tensor(_plan.Offsets(key)[..(_plan.BatchSize + 1)], device: _store.Device);
            _offsets.Add(key, offsets);
        }

        return offsets;
    }

    private Tensor Sum(Tensor gradient, Tensor places, Tensor weights, RowBatch batch, int dimension)
    {
        (Tensor sorted, Tensor order, Tensor starts) = _order ??= SortOccurrences();
        var own = _occurrences[batch.Occurrences];
        return s_sum.Call(
            gradient, sorted, order, starts, places, weights, (long)own.First, (long)own.Count, (long)own.FirstPlace, (long)own.PlaceCount, (long)batch.Width, (long)dimension);
    }

    // Occurrences by row, all tables at once; those of a row in the order of the mini-batch, so that sums are always the same.
    private (Tensor Sorted, Tensor Order, Tensor Starts) SortOccurrences()
    {
        (var sorted, var order) = s_sort.CallPair(_index, true);
        int places = _occurrences.Values.Sum(o => o.PlaceCount);
        var starts = s_search.Call(sorted, torch.arange(0, places + 1, dtype: torch.int32, device: _store.Device));
        return (sorted.MoveToOuterDisposeScope(), order.MoveToOuterDisposeScope(), starts.MoveToOuterDisposeScope());
    }

    // Which part of the index and the rows belongs to the occurrences of a table.
    private sealed record DeviceOccurrences(int First, int Count, int FirstPlace, int PlaceCount)
    {
        public Tensor Rows { get; set; } = null!;
    }
}
