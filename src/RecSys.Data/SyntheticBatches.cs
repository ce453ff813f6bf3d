using RecSys.Data.Reading;
using RecSys.Data.Synthetic;

namespace RecSys.Data;

/// <summary>
/// Batches drawn straight in memory, cheap, for measuring speed: power-law ids over the whole of each field, labels by
/// planted effects of single ids and by the match of candidate and history. Id 1 is the most frequent of a field, as in prepared data.
/// A history is drawn anew for every row, 1 to all of its length, since rows in memory know nothing of each other.
/// </summary>
public sealed class SyntheticBatches
{
    private readonly SyntheticOptions _options;
    private readonly PowerLawSampler[] _samplers;
    private readonly PowerLawSampler? _interestItems;
    private readonly (int First, int Second)[] _crosses = [];

    /// <summary>Creates the source.</summary>
    /// <param name="options">Fields, history, rate and seed; pairs, similarity, hidden categories and churn are not used.</param>
    public SyntheticBatches(SyntheticOptions options)
    {
        _options = options;
        _samplers = [.. options.Fields.Select(field => new PowerLawSampler(field.Cardinality, field.Exponent))];
        List<DataFeature> features = [.. options.Fields.Select(field => new DataFeature(field.Name, FeatureKind.Categorical, field.Name, 1))];
        if (options.History is { } history)
        {
            var items = options.Fields[history.Item];
            _interestItems = new PowerLawSampler(Math.Max(1, items.Cardinality / options.Fields[history.Category].Cardinality), items.Exponent);
            features.Add(new DataFeature(items.Name + "_history", FeatureKind.Sequence, items.Name, history.Length));
        }

        if (options.HasCrosses)
        {
            _crosses = [.. from second in Enumerable.Range(0, options.Fields.Count) from first in Enumerable.Range(0, second) select (first, second)];
            features.AddRange(_crosses.Select(cross => CrossOf(options.Fields[cross.First], options.Fields[cross.Second])));
        }

        Schema = new DataSchema
        {
            Name = options.Name,
            Features = features,
            Vocabularies = options.Fields.Select(field => (field.Name, Size: 1L + field.Cardinality))
                .Concat(_crosses.Select(cross => (CrossOf(options.Fields[cross.First], options.Fields[cross.Second]).Name, Size: 1L + ((long)options.Fields[cross.First].Cardinality * options.Fields[cross.Second].Cardinality))))
                .ToDictionary(field => field.Name, field => field.Size),
            Label = "label",
            RowCounts = new Dictionary<DataSplit, long> { [DataSplit.Train] = options.RowCount },
            BaseRate = options.Rate,
        };
    }

    /// <summary>What the batches hold; every id of a field is in its vocabulary.</summary>
    public DataSchema Schema { get; }

    /// <summary>Draws as many batches as the rows of the options give, or <see cref="BatchOptions.MaxRows"/>; epochs differ.</summary>
    public IEnumerable<Batch> Read(BatchOptions options) => new BatchReader(Schema, options, () => new Producer(this, options));

    private static DataFeature CrossOf(SyntheticField first, SyntheticField second)
    {
        string name = $"{first.Name}.{second.Name}";
        return new DataFeature(name, FeatureKind.Categorical, name, 1) { Cross = [first.Name, second.Name] };
    }

    private sealed class Producer : IBatchProducer
    {
        private readonly SyntheticBatches _source;
        private readonly BatchOptions _options;
        private readonly long _rowCount;
        private long _next;

        internal Producer(SyntheticBatches source, BatchOptions options)
        {
            _source = source;
            _options = options;
            _rowCount = Math.Min(options.MaxRows ?? long.MaxValue, source._options.RowCount);
            _next = options.SkipBatches;
        }

        public bool Fill(Batch batch)
        {
            if (_next >= _options.CountBatches(_rowCount))
                return false;
            int size = (int)Math.Min(batch.Capacity, _rowCount - _next * _options.BatchSize);
            var random = new SplitMix(SplitMix.Combine((ulong)_source._options.Seed, (ulong)_options.Seed, (ulong)_options.Epoch, (ulong)_next++));
            for (int field = 0; field < _source._samplers.Length; field++)
            {
                foreach (ref long id in batch.IdBuffers[field].AddSamples(size, size))
                    id = 1 + _source._samplers[field].Next(ref random);
            }

            if (_source._options.History is { } history)
                AddBehaviour(batch, history, size, ref random);
            AddCrosses(batch, size);
            for (int i = 0; i < size; i++)
                batch.Labels[i] = random.NextDouble() < 1 / (1 + Math.Exp(-Logit(batch, i))) ? 1 : 0;
            batch.Groups.AsSpan(0, size).Fill(-1);
            batch.Size = size;
            return true;
        }

        private void AddCrosses(Batch batch, int size)
        {
            int place = _source.Schema.EmbeddingFeatures.Count - _source._crosses.Length;
            foreach ((int first, int second) in _source._crosses)
            {
                var firsts = batch.IdBuffers[first].Values;
                var seconds = batch.IdBuffers[second].Values;
                int cardinality = _source._options.Fields[second].Cardinality;
                var ids = batch.IdBuffers[place++].AddSamples(size, size);
                for (int i = 0; i < size; i++)
                    ids[i] = 1 + ((firsts[i] - 1) * cardinality) + seconds[i] - 1;
            }
        }

        // Replaces items and categories by those of the users' interests, and draws the histories.
        private void AddBehaviour(Batch batch, SyntheticHistory history, int size, ref SplitMix random)
        {
            int categoryCount = _source._options.Fields[history.Category].Cardinality;
            var histories = batch.IdBuffers[_source._samplers.Length];
            batch.IdBuffers[history.Item].Clear();
            batch.IdBuffers[history.Category].Clear();
            var items = batch.IdBuffers[history.Item].AddSamples(size, size);
            var categories = batch.IdBuffers[history.Category].AddSamples(size, size);
            for (int i = 0; i < size; i++)
            {
                long user = batch.IdBuffers[history.User].Values[i];
                items[i] = DrawItem(history, user, categoryCount, ref random);
                categories[i] = Category(items[i], categoryCount);
                foreach (ref long id in histories.AddSamples(1, 1 + (int)random.NextBelow(history.Length)))
                    id = DrawItem(history, user, categoryCount, ref random);
                histories.EndOffsets(1)[0] = histories.Values.Length;
            }
        }

        private long DrawItem(SyntheticHistory history, long user, int categoryCount, ref SplitMix random)
        {
            if (random.NextDouble() >= history.InterestShare)
                return 1 + _source._samplers[history.Item].Next(ref random);
            var interest = new SplitMix(SplitMix.Combine((ulong)user, (ulong)random.NextBelow(history.InterestCount)));
            return 1 + ((long)_source._interestItems!.Next(ref random) * categoryCount) + interest.NextBelow(categoryCount);
        }

        private static long Category(long item, int categoryCount) => 1 + ((item - 1) % categoryCount);

        // The effect of an id is a fixed number of a uniform distribution: cheap, and known to nobody who learns it.
        private double Logit(Batch batch, int row)
        {
            double logit = Math.Log(_source._options.Rate / (1 - _source._options.Rate));
            for (int field = 0; field < _source._samplers.Length; field++)
            {
                ulong key = SplitMix.Combine((ulong)field, (ulong)batch.IdBuffers[field].Values[row]);
                logit += _source._options.Fields[field].Deviation * (((key >> 11) * (2.0 / (1UL << 53))) - 1);
            }

            return _source._options.History is { } history ? logit + Match(batch, history, row) : logit;
        }

        // Half the weight is taken off, so that the mean label stays near the rate.
        private double Match(Batch batch, SyntheticHistory history, int row)
        {
            int categoryCount = _source._options.Fields[history.Category].Cardinality;
            long category = batch.IdBuffers[history.Category].Values[row];
            var histories = batch.IdBuffers[_source._samplers.Length];
            int matches = 0;
            foreach (long item in histories.Values[histories.Offsets[row]..histories.Offsets[row + 1]])
                matches += Category(item, categoryCount) == category ? 1 : 0;
            return history.Weight * (Math.Min(matches, 2) - 1) / 2;
        }

        public void Dispose()
        {
            // Nothing is held beyond a batch.
        }
    }
}
