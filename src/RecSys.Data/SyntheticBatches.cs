using RecSys.Data.Reading;
using RecSys.Data.Synthetic;

namespace RecSys.Data;

/// <summary>
/// Batches drawn straight in memory, endless and cheap, for measuring speed: power-law ids over the whole of each field, labels by
/// planted effects of single ids. Id 1 is the most frequent of a field, as in prepared data.
/// </summary>
public sealed class SyntheticBatches
{
    private readonly SyntheticOptions _options;
    private readonly PowerLawSampler[] _samplers;

    /// <summary>Creates the source.</summary>
    /// <param name="options">Fields, rate and seed; rules, histories and churn are not used.</param>
    public SyntheticBatches(SyntheticOptions options)
    {
        _options = options;
        _samplers = [.. options.Fields.Select(field => new PowerLawSampler(field.Cardinality, field.Exponent))];
        Schema = new DataSchema
        {
            Name = options.Name,
            Features = [.. options.Fields.Select(field => new DataFeature(field.Name, FeatureKind.Categorical, field.Name, 1))],
            Vocabularies = options.Fields.ToDictionary(field => field.Name, field => 1L + field.Cardinality),
            Label = "label",
            RowCounts = new Dictionary<DataSplit, long> { [DataSplit.Train] = options.RowCount },
            BaseRate = options.Rate,
        };
    }

    /// <summary>What the batches hold; every id of a field is in its vocabulary.</summary>
    public DataSchema Schema { get; }

    /// <summary>Draws as many batches as the rows of the options give, or <see cref="BatchOptions.MaxRows"/>; epochs differ.</summary>
    public IEnumerable<Batch> Read(BatchOptions options) => new BatchReader(Schema, options, () => new Producer(this, options));

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

            for (int i = 0; i < size; i++)
                batch.Labels[i] = random.NextDouble() < 1 / (1 + Math.Exp(-Logit(batch, i))) ? 1 : 0;
            batch.Groups.AsSpan(0, size).Fill(-1);
            batch.Size = size;
            return true;
        }

        // The effect of an id is a fixed number of a uniform distribution: cheap, and known to nobody who learns it.
        private double Logit(Batch batch, int row)
        {
            double logit = Math.Log(_source._options.Rate / (1 - _source._options.Rate));
            for (int field = 0; field < batch.IdBuffers.Length; field++)
            {
                ulong key = SplitMix.Combine((ulong)field, (ulong)batch.IdBuffers[field].Values[row]);
                logit += _source._options.Fields[field].Deviation * (((key >> 11) * (2.0 / (1UL << 53))) - 1);
            }

            return logit;
        }

        public void Dispose()
        {
            // Nothing is held beyond a batch.
        }
    }
}
