using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

public sealed partial class EmbeddingCollection
{
    // Below this many ids the start of a second thread costs more than it saves.
    private const int ParallelIds = 4096;

    // Ids addressed at once; their rows stay in the first-level cache until they are de-duplicated.
    private const int AddressBlock = 512;

    /// <summary>
    /// Finds the rows a mini-batch needs: checks the ids, turns them into rows and removes duplicates. It touches no rows, so it
    /// can run ahead on the thread that reads the data.
    /// </summary>
    /// <param name="ids">Ids per feature, all of one batch size; they are not needed afterwards.</param>
    /// <param name="plan">Receives the plan; what it held is forgotten.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id lies outside the vocabulary of its field.</exception>
    /// <exception cref="ArgumentException">The ids do not fit the features.</exception>
    public void Plan(IReadOnlyList<JaggedIds> ids, LookupPlan plan)
    {
        CheckShape(ids);
        long count = 0;
        for (int f = 0; f < ids.Count; f++)
        {
            CheckRange(_features[f], ids[f].Values);
            count += ids[f].Values.Length;
        }

        Own(plan).Begin(ids);
        for (int f = 0; f < ids.Count; f++)
            plan.FindFirstSamples(f, ids[f], _features[f].Field.VocabularySize);
        int threads = count < ParallelIds ? 1 : ThreadCount;
        ParallelJobs.Run(
            _distinct.Count,
            threads,
            (Collection: this, Ids: ids, Plan: plan),
            static (job, s) => s.Collection._distinct[job].Plan(s.Plan, s.Plan.Distinct(job), s.Ids));
        ParallelJobs.Run(
            _tables.Length + _codes.Length,
            threads,
            (Collection: this, Ids: ids, Plan: plan),
            static (job, s) =>
            {
                int tables = s.Collection._tables.Length;
                if (job < tables)
                    s.Collection.PlanTable(job, s.Ids, s.Plan);
                else
                    s.Plan.Compute(s.Collection._codes[job - tables], s.Ids);
            });
        for (int t = 0; t < _tables.Length; t++)
        {
            for (int u = 0; u < _uses[t].Length; u++)
                plan.Starts[_uses[t][u].Slot] = plan.Starts[_uses[_leaders[t]][u].Slot];
        }
    }

    private void PlanTable(int table, IReadOnlyList<JaggedIds> ids, LookupPlan plan)
    {
        if (_leaders[table] != table)
            return;
        RowBatch batch = plan.Batches[table];
        batch.Clear();
        int? whole = null;
        foreach (TableUse use in _uses[table])
        {
            plan.Starts[use.Slot] = use.Addressing is null
                ? whole ??= AddWhole(batch, _tables[table].RowCount)
                : AddRows(batch, use.Addressing, plan.Ids(use.Feature, ids));
        }
    }

    private int FindLeader(int table)
        => Enumerable.Range(0, table + 1).First(t =>
            _tables[t].RowCount == _tables[table].RowCount
            && _uses[t].Select(u => (u.Feature, u.Addressing)).SequenceEqual(_uses[table].Select(u => (u.Feature, u.Addressing))));

    private static int AddRows(RowBatch batch, Addressing addressing, ReadOnlySpan<long> ids)
    {
        int start = batch.Index.Length;
        Span<long> rows = stackalloc long[AddressBlock];
        while (!ids.IsEmpty)
        {
            int count = Math.Min(ids.Length, AddressBlock);
            addressing.Address(ids[..count], rows);
            batch.Add(rows[..count]);
            ids = ids[count..];
        }

        return start;
    }

    private static int AddWhole(RowBatch batch, long rowCount)
    {
        int start = batch.Index.Length;
        for (long row = 0; row < rowCount; row++)
            batch.Add([row]);
        return start;
    }

    private FeatureBinding Bind(
        EmbeddingSet set, PooledFeature pooled, int firstTable, List<TableUse>[] uses, List<TableUse> codes, List<FeatureBinding> computed, ref int slot)
    {
        if ((uint)pooled.Feature >= (uint)_features.Count)
            throw new ArgumentException($"Set '{set.Name}' names feature {pooled.Feature}; valid are 0 … {_features.Count - 1}.", nameof(set));

        EmbeddingFeature feature = _features[pooled.Feature];
        FieldLayout layout = set.Layout.Of(feature.Field);
        if (layout.Sources.Count > 1 && !layout.Combination.IsPerOccurrence)
            return BindToComputed(set, pooled, layout, firstTable, uses, codes, computed, ref slot);
        var binding = new FeatureBinding(pooled.Feature, feature.IsSingle, pooled.Pooling, layout, firstTable, slot);
        AddUses(binding, firstTable, uses, codes, ref slot);
        return binding;
    }

    // The vectors of the field's distinct ids are computed into a table of their own, from which all its features read.
    private FeatureBinding BindToComputed(
        EmbeddingSet set, PooledFeature pooled, FieldLayout layout, int firstTable, List<TableUse>[] uses, List<TableUse> codes, List<FeatureBinding> computed, ref int slot)
    {
        var vectors = computed.Find(c => c.Field == layout.Field);
        if (vectors is null)
        {
            int[] features = [.. set.Features.Select(f => f.Feature).Where(f => _features[f].Field == layout.Field).Distinct()];
            int number = _distinct.FindIndex(d => d.Features.SequenceEqual(features));
            if (number < 0)
            {
                number = _distinct.Count;
                _distinct.Add(new DistinctIds(features));
            }

            vectors = new FeatureBinding(_features.Count + number, isSingle: true, Pooling.None, layout, firstTable, slot) { Target = _tables.Length + _computed.Count };
            _computed.Add((number, set.Layout.Dimension));
            computed.Add(vectors);
            AddUses(vectors, firstTable, uses, codes, ref slot);
        }

        _distinct[vectors.Feature - _features.Count].Uses.Add(new TableUse(pooled.Feature, Addressing: null, slot));
        var reader = new FieldLayout(layout.Field, [new RowSource(vectors.Target, IdentityAddressing.Instance)], ConcatCombination.Instance(set.Layout.Dimension));
        return new FeatureBinding(pooled.Feature, _features[pooled.Feature].IsSingle, pooled.Pooling, reader, firstTable: 0, slot++);
    }

    private static void AddUses(FeatureBinding binding, int firstTable, List<TableUse>[] uses, List<TableUse> codes, ref int slot)
    {
        foreach (RowSource source in binding.Sources)
        {
            List<TableUse> own = source.IsCode ? codes : uses[firstTable + source.Table];
            own.Add(new TableUse(binding.Feature, source.Addressing, slot++));
        }
    }

    private void CheckShape(IReadOnlyList<JaggedIds> ids)
    {
        if (ids.Count != _features.Count)
            throw new ArgumentException($"The collection has {_features.Count} features, but the ids of {ids.Count} were given.", nameof(ids));

        for (int f = 0; f < ids.Count; f++)
        {
            if (ids[f].IsSingle != _features[f].IsSingle)
                throw new ArgumentException($"Feature '{_features[f].Name}' is {Kind(_features[f].IsSingle)}, but its ids are {Kind(ids[f].IsSingle)}.", nameof(ids));
            if (ids[f].BatchSize != ids[0].BatchSize)
                throw new ArgumentException($"Feature '{_features[f].Name}' has {ids[f].BatchSize} samples, but feature '{_features[0].Name}' has {ids[0].BatchSize}.", nameof(ids));
        }

        static string Kind(bool isSingle) => isSingle ? "one id per sample" : "any number of ids per sample";
    }

    private static void CheckRange(EmbeddingFeature feature, ReadOnlySpan<long> ids)
    {
        ulong limit = (ulong)feature.Field.VocabularySize;
        foreach (long id in ids)
        {
            // One comparison finds negative ids too: as unsigned numbers they are above every vocabulary.
            if ((ulong)id >= limit)
                throw new ArgumentOutOfRangeException(
                    nameof(ids), id, $"Feature '{feature.Name}' has an id outside field '{feature.Field.Name}'; valid are 0 … {feature.Field.VocabularySize - 1}.");
        }
    }
}
