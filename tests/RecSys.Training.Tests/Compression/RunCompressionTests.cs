using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Training.Checkpoints;
using RecSys.Training.Compression;

namespace RecSys.Training.Tests.Compression;

[Collection(TinyCollection.Name)]
public sealed class RunCompressionTests(TinyDataset tiny)
{
    private static readonly Dictionary<string, string> s_runs = [];

    // Every method that can be applied, alone and with rows of another precision where that is possible.
    public static TheoryData<string, string> Targets
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var method in EmbeddingMethods.AfterTraining)
            {
                // Full tables of full tables would be the run itself.
                if (method.Name != "full")
                    data.Add(method.Name, "");
                if (method.Name != "deeplight")
                    data.Add(method.Name, "int8");
            }

            return data;
        }
    }

    // Methods that combine rows in different ways, some in several phases.
    public static TheoryData<string, string, string> Sources => new()
    {
        { "{name: qr, budget: 0.5}", "fp32", "int8" },
        { "{name: hash_embedding, budget: 0.5}", "fp16", "int4" },
        { "{name: low_dimension, budget: 0.6, projection: per_field}", "fp32", "fp16" },
        { "{name: dhe, budget: 0.9, hashes: 8}", "fp32", "bf16" },
        { "{name: dedup, budget: 0.5}", "fp32", "int8" },
        { "{name: mgqe, budget: 0.5, parts: 1}", "{name: int8, scale: learned}", "int4" },
        { "{name: full}", "{name: int8, scale: learned}", "int4" },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Run_OfFullTables_IsARunThatScoresAsReported(string method, string precision)
    {
        const double Budget = 0.7;
        string run = Train();
        string target = Path.Combine(tiny.NewFolder(), "new", "run");

        var result = RunCompression.Run(run, target, Options(method, "0.7", precision.Length == 0 ? null : precision));

        AssertScoresAsReported(result, target);
        using var before = TrainedRun.Open(run);
        Assert.Equal(before.Evaluate(DataSplit.Test), result.Before.Test);
        Assert.Equal(before.Bytes, result.Before.Bytes);
        Assert.InRange(result.After.Bytes.Serving, 1, Budget * result.Before.Bytes.Full);
        if (method is "deeplight" or "dedup" && precision.Length == 0)
            Assert.InRange(result.After.Bytes.Serving, 0.98 * Budget * result.Before.Bytes.Full, Budget * result.Before.Bytes.Full);
        Assert.InRange(result.After.Test.Auc, result.Before.Test.Auc - 0.05, 1);
        Assert.Empty(Directory.GetDirectories(Path.GetDirectoryName(target)!, "*.partial"));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Run_AnyMethod_KeepsItsTablesInAnotherPrecision(string method, string from, string to)
    {
        string run = Train($"embedding.method={method}", $"embedding.precision={from}");
        string target = Path.Combine(tiny.NewFolder(), "run");

        var result = RunCompression.Run(run, target, new CompressionOptions { Precision = to });

        AssertScoresAsReported(result, target);
        using var before = TrainedRun.Open(run);
        using var after = TrainedRun.Open(target);
        Assert.Equal(before.Rows.Tables.Select(t => (t.Name, t.RowCount, t.Width)), after.Rows.Tables.Select(t => (t.Name, t.RowCount, t.Width)));
        Assert.InRange(result.After.Bytes.Serving, 1, result.Before.Bytes.Serving - 1);
        Assert.InRange(result.After.Test.Auc, result.Before.Test.Auc - 0.05, 1);
    }

    [Theory]
    [InlineData("{name: hash_embedding, budget: 0.5}", "fp16")]
    [InlineData("{name: mgqe, budget: 0.5}", "{name: int8, scale: fixed}")]
    [InlineData("{name: deeplight, budget: 0.4}", "fp32")]
    [InlineData("{name: tt_rec, budget: 0.5}", "int8")]
    public void Run_AnyMethod_GivesItsVectorsToAnother(string method, string from)
    {
        string run = Train($"embedding.method={method}", $"embedding.precision={from}");
        string target = Path.Combine(tiny.NewFolder(), "run");

        var full = RunCompression.Run(run, target, Options("full", "1", "fp32"));

        AssertScoresAsReported(full, target);
        Assert.Equal(full.Before.Test.Auc, full.After.Test.Auc, 1e-6);
        Assert.Equal(full.Before.Test.LogLoss, full.After.Test.LogLoss, 1e-6);
        using var before = EmbeddingLookup.Open(run);
        using var after = EmbeddingLookup.Open(target);
        Assert.Equal(before.LookUp("item", [0, 3, 99]), after.LookUp("item", [0, 3, 99]));
    }

    [Fact]
    public void Run_OfACompressedRun_CompressesFurther()
    {
        string coded = Path.Combine(tiny.NewFolder(), "coded");
        string merged = Path.Combine(tiny.NewFolder(), "merged");
        RunCompression.Run(Train(), coded, new CompressionOptions { Precision = "int8" });

        var result = RunCompression.Run(coded, merged, Options("dedup", "0.2"));

        // Rows stay codes, and the budget is for these.
        AssertScoresAsReported(result, merged);
        Assert.Equal("dedup, int8", result.After.Config.Embedding.Method.Label);
        Assert.InRange(result.After.Bytes.Serving, 0.98 * 0.2 * result.Before.Bytes.Full, 0.2 * result.Before.Bytes.Full);
        Assert.Equal(result.Before.Bytes.Disk, result.Before.Bytes.Serving);
    }

    [Fact]
    public void Run_FieldsWithAMethodOfTheirOwn_KeepTheirRows()
    {
        string run = Train("embedding.fields={item: {method: {name: hash, budget: 0.5}, precision: fp16}}");
        string target = Path.Combine(tiny.NewFolder(), "run");

        AssertScoresAsReported(RunCompression.Run(run, target, Options("deeplight", "0.5")), target);

        using var before = EmbeddingLookup.Open(run);
        using var after = EmbeddingLookup.Open(target);
        Assert.Equal(before.LookUp("item", [0, 3, 99]), after.LookUp("item", [0, 3, 99]));
        Assert.NotEqual(before.LookUp("user", [0, 3, 99]), after.LookUp("user", [0, 3, 99]));
    }

    [Fact]
    public void Run_Twice_GivesTheSameFiles()
    {
        string run = Train();
        string[] targets = [Path.Combine(tiny.NewFolder(), "run"), Path.Combine(tiny.NewFolder(), "run")];

        foreach (string target in targets)
            RunCompression.Run(run, target, Options("mgqe", "0.4", "int8"));

        string[] files = [.. Directory.GetFiles(targets[0], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(targets[0], f))];
        Assert.Contains(files, f => f.EndsWith(CheckpointFiles.Tables, StringComparison.Ordinal));
        Assert.All(files, f => Assert.Equal(File.ReadAllBytes(Path.Combine(targets[0], f)), File.ReadAllBytes(Path.Combine(targets[1], f))));
    }

    [Fact]
    public void Resume_CompressedRun_SaysThatItCannotBeTrained()
    {
        string target = Path.Combine(tiny.NewFolder(), "run");
        var result = RunCompression.Run(Train(), target, Options("dedup", "0.5"));
        using var trainer = new Trainer(result.After.Config, tiny.Open(), target);

        Assert.Contains("compressed after training", Assert.Throws<CheckpointException>(() => trainer.Run(resume: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_MethodThatHasToBeTrained_ListsTheOthers()
    {
        string run = Train("embedding.fields={item: {method: {name: hash, budget: 0.5}}}");

        // The precision of the item's rows follows that of the others, and with it their number.
        AssertFails(run, Options("full", "1", "int8"), "method 'hash' cannot be applied after training; valid: full, low_dimension, mixed_dimension, tt_rec, dedup, dpq, mgqe, deeplight", "item");
        AssertFails(run, Options("unified", "0.1"), "method 'unified' cannot be applied after training; valid: full");
        AssertFails(run, Options("dedupe", "0.1"), "did you mean 'dedup'?");
    }

    [Fact]
    public void Run_OptionsThatDoNotFit_SayWhatIsValid()
    {
        string run = Train();

        AssertFails(run, new CompressionOptions { Precision = "fp32" }, "rows of fp32 make no table smaller");
        AssertFails(run, new CompressionOptions(), "nothing to change", "--precision");
        AssertFails(run, Options("dedup", null), "--budget is missing", "0.1");
        AssertFails(run, Options("low_dimension", "0.7") with { Settings = [] }, "valid: projection: per_field");
        AssertFails(run, Options("deeplight", "0.5", "int8"), "use precision: fp32");
        AssertFails(run, Options("dpq", "10B"), "the smallest possible is");
        AssertFails(run, new CompressionOptions { Precision = "int8", Settings = ["embedding.precision.scale=learned"] }, "valid: row, fixed");
        AssertFails(run, new CompressionOptions { Precision = "int8", Settings = ["train.batch_size=1"] }, "'train.batch_size=1'", "embedding.method.KEY=VALUE");
    }

    [Fact]
    public void Run_PrunedRun_StaysFp32()
        => AssertFails(Train("embedding.method={name: deeplight, budget: 0.5}"), new CompressionOptions { Precision = "int8" }, "keeps single numbers of fp32");

    [Fact]
    public void Run_FolderTaken_LeavesItAlone()
    {
        string run = Train();

        Assert.StartsWith(run, Assert.Throws<DataException>(() => RunCompression.Run(run, run, Options("dedup", "0.5"))).Message, StringComparison.Ordinal);
    }

    private static CompressionOptions Options(string method, string? budget, string? precision = null) => new()
    {
        Method = method,
        Budget = budget,
        Precision = precision,
        Settings = method == "low_dimension" ? ["embedding.method.projection=per_field"] : [],
    };

    private void AssertFails(string run, CompressionOptions options, params string[] messages)
    {
        string target = Path.Combine(tiny.NewFolder(), "run");
        string message = Assert.ThrowsAny<ConfigException>(() => RunCompression.Run(run, target, options)).Message;
        Assert.All(messages, text => Assert.Contains(text, message, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!));
    }

    // What is reported, what is written and what is planned are the same.
    private static void AssertScoresAsReported(CompressionResult result, string target)
    {
        using var run = TrainedRun.Open(target);
        Assert.Equal(result.After.Validation, run.Evaluate(DataSplit.Validation));
        Assert.Equal(result.After.Test, run.Evaluate(DataSplit.Test));
        Assert.Equal(result.After.Bytes, run.Bytes);
        Assert.Equal(result.After.Bytes.Disk, TensorBytes(run.Folder, CheckpointFiles.Tables) + TensorBytes(run.Folder, "method_state.safetensors"));
        Assert.Equal(result.After.Bytes.Serving - result.After.Bytes.Auxiliary, TensorBytes(run.Folder, CheckpointFiles.Tables));
        Assert.Equal(result.Before.Bytes.Full, result.After.Bytes.Full);
    }

    private static long TensorBytes(string folder, string name)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, name));
        return file.Tensors.Values.Sum(t => t.ByteCount);
    }

    // Trained once for all tests that only read it.
    private string Train(params string[] overrides)
    {
        string key = string.Join(' ', [tiny.Prepared, .. overrides]);
        if (s_runs.TryGetValue(key, out string? folder))
            return folder;
        folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, ["train.epochs=1", .. overrides]);
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using var trainer = new Trainer(config, tiny.Open(), folder);
        trainer.Run();
        s_runs.Add(key, folder);
        return folder;
    }
}
