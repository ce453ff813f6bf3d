using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Tables;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

[Collection(TinyCollection.Name)]
public sealed class BatchAwareL2Tests(TinyDataset tiny)
{
    private const double Lambda = 0.5;
    private const double Rate = 0.1;

    [Fact]
    public void Counts_AreTheSamplesWithAnId()
    {
        var data = tiny.Open();
        var expected = Samples(data);

        var counts = IdCounts.Of(data);

        Assert.Equal(data.RowCount(DataSplit.Train), counts.SampleCount);
        foreach (var field in data.Schema.EmbeddingFeatures.Select(f => f.Field).Distinct())
            Assert.Equal(Enumerable.Range(0, (int)field.VocabularySize).Select(id => expected.GetValueOrDefault((field, id))), counts.Of(field).ToArray());
    }

    // w − η(g + λ/n·w) for the rows of the mini-batch, once each; the others stay as they are to the bit.
    [Theory]
    [InlineData("din", "{name: full}")]
    [InlineData("fm", "{name: hash, budget: 0.3}")]
    [InlineData("dnn", "{name: qr, budget: 0.3}")]
    public void Step_Sgd_EqualsTheDefinition(string model, string method)
    {
        var data = tiny.Open();
        using var batch = data.Read(DataSplit.Train, new BatchOptions { BatchSize = 64 }).First();
        var (before, plain, touched) = Step(data, batch, model, method, 0, out var network);
        using (network)
        {
            var (same, actual, _) = Step(data, batch, model, method, Lambda, out var other);
            other.Dispose();
            var samples = SamplesOfRows(data, network);

            Assert.NotEmpty(touched);
            Assert.All(samples.Keys.Except(touched), row => Assert.Equal(before[row.Table][row.Row], actual[row.Table][row.Row]));
            foreach (var row in touched)
            {
                (float[] w, float[] stepped, float[] penalised) = (before[row.Table][row.Row], plain[row.Table][row.Row], actual[row.Table][row.Row]);
                Assert.Equal(w, same[row.Table][row.Row]);
                for (int i = 0; i < w.Length; i++)
                    Assert.Equal(stepped[i] - (Rate * Lambda / samples[row] * w[i]), penalised[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Run_WithIt_GivesSmallerRows()
    {
        double plain = Norm(0);
        double penalised = Norm(1);

        Assert.InRange(penalised, 0, 0.9 * plain);
    }

    [Theory]
    [InlineData("embedding.method={name: cafe, budget: 0.3}", "changes the rows of ids")]
    [InlineData("sparse_optimizer.batch_aware_l2=-1", "batch_aware_l2")]
    public void Create_WhereItHasNoMeaning_SaysWhatIsValid(string setting, string message)
    {
        var error = Assert.Throws<ConfigException>(() => new Trainer(RunConfigs.Create(tiny, "sparse_optimizer.batch_aware_l2=0.1", setting), tiny.Open(), tiny.NewFolder()));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private double Norm(double lambda)
    {
        using var trainer = new Trainer(RunConfigs.Create(tiny, FormattableString.Invariant($"sparse_optimizer.batch_aware_l2={lambda}")), tiny.Open(), tiny.NewFolder());
        trainer.Run();
        return Math.Sqrt(RowsOf((MemoryRowStore)trainer.Rows).SelectMany(table => table).SelectMany(row => row).Sum(number => (double)number * number));
    }

    private (float[][][] Before, float[][][] After, HashSet<(int Table, long Row)> Touched) Step(PreparedDataset data, Batch batch, string model, string method, double lambda, out CtrNetwork network)
    {
        var config = RunConfigs.Create(
            tiny, $"model={{name: {model}}}", $"embedding.method={method}", "dense_optimizer.clip_norm=0",
            FormattableString.Invariant($"sparse_optimizer={{name: sgd, learning_rate: {Rate}, batch_aware_l2: {lambda}}}"));
        network = CtrNetwork.Create(config, data.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, config.SparseOptimizer.Create(), 1);
        using var step = new TrainingStep(config, network, rows, new StepClock(TimeProvider.System), counts: lambda > 0 ? IdCounts.Of(data) : null);
        var before = RowsOf(rows);
        batch.Tag = null;
        network.Plan(batch);
        step.Run(batch);
        HashSet<(int, long)> touched = [];
        foreach (var table in CtrNetwork.RowsOf(batch))
        {
            foreach (long row in table.Rows)
                touched.Add((table.Table, row));
        }

        return (before, RowsOf(rows), touched);
    }

    private static float[][][] RowsOf(MemoryRowStore rows) =>
    [
        .. rows.Tables.Select((table, t) =>
        {
            var batch = new RowBatch(t, table.Width);
            batch.Add([.. Enumerable.Range(0, (int)table.RowCount).Select(r => (long)r)]);
            rows.Gather([batch]);
            return batch.Values.ToArray().Chunk(table.Width).ToArray();
        }),
    ];

    private static Dictionary<(EmbeddingField Field, long Id), int> Samples(PreparedDataset data)
    {
        Dictionary<(EmbeddingField, long), int> samples = [];
        var features = data.Schema.EmbeddingFeatures;
        foreach (var batch in data.Read(DataSplit.Train, new BatchOptions { BatchSize = 100 }))
        {
            for (int row = 0; row < batch.Size; row++)
            {
                foreach (var id in features.SelectMany((f, i) => batch.Ids[i].Of(row).ToArray().Select(id => (f.Field, id))).Distinct())
                    samples[id] = samples.GetValueOrDefault(id) + 1;
            }
        }

        return samples;
    }

    private static Dictionary<(int Table, long Row), long> SamplesOfRows(PreparedDataset data, CtrNetwork network)
    {
        var samples = Samples(data);
        Dictionary<(int, long), long> ofRows = [];
        foreach (var group in network.Layout.Groups)
        {
            foreach (var field in group.Layout.Fields)
            {
                foreach (var source in field.Sources)
                {
                    for (long id = 0; id < field.Field.VocabularySize; id++)
                    {
                        long[] row = [0];
                        source.Addressing!.Address([id], row);
                        var key = (group.FirstTable + source.Table, row[0]);
                        ofRows[key] = ofRows.GetValueOrDefault(key) + samples.GetValueOrDefault((field.Field, id));
                    }
                }
            }
        }

        return ofRows;
    }
}
