using System.Runtime.InteropServices;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

[Collection(OutstandingMemory.Name)]
public sealed class GrowingTableFileTests
{
    private const int Width = 3;
    private static readonly TableSpec s_spec = new("set/user", 200, Width, Initializer.Normal(0.1));

    public static TheoryData<string, string, string> Tables
    {
        get
        {
            TheoryData<string, string, string> data = [];
            foreach (string optimizer in SparseOptimizers.Names)
                data.Add(optimizer, "count", "score");
            foreach (string admission in new[] { "always", "count", "bloom", "probability" })
                data.Add("adagrad", admission, "ttl");
            foreach (string eviction in new[] { "none", "lru", "lfu", "score" })
                data.Add("lazy_adam", "always", eviction);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Load_SavedTable_GoesOnWithTheSameBits(string optimizer, string admission, string eviction)
    {
        using var folder = new TemporaryFolder();
        GrowingOptions options = Options(admission, eviction);
        using GrowingTable original = new(s_spec with { Growing = options }, SparseOptimizers.Create(optimizer, new()), seed: 1);
        Train(original, 0, 60);
        original.EvictExpired();
        original.Save(folder.File("a"));

        using GrowingTable loaded = Load(folder.File("a"), options, optimizer);
        loaded.Save(folder.File("b"));
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        Assert.Equal(original.Counters, loaded.Counters);

        Assert.Equal(Train(original, 60, 100), Train(loaded, 60, 100));
        original.Save(folder.File("a"));
        loaded.Save(folder.File("b"));
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        Assert.Equal(["a", "b"], folder.FileNames());
    }

    // The slots that steps have used, read into the table as it was before them, give the table as it is; for every kind of policy and
    // for rows whose rounding depends on their ids.
    [Theory]
    [MemberData(nameof(Tables))]
    public void Read_ChangedSlots_GiveTheTableAfterTheSteps(string optimizer, string admission, string eviction)
    {
        using var folder = new TemporaryFolder();
        TableSpec spec = s_spec with { Growing = Options(admission, eviction), Precision = RowPrecision.Parse("int8") };
        using GrowingTable original = new(spec, SparseOptimizers.Create(optimizer, new()), seed: 1);
        using GrowingTable follower = new(spec, SparseOptimizers.Create(optimizer, new()), seed: 1);
        for (int part = 0; part < 4; part++)
        {
            var changed = new RowSet(spec.RowCount);
            changed.Add([.. Train(original, part * 10, (part + 1) * 10).Where(s => s >= 0)]);
            using var data = new MemoryData();
            original.Write(data, changed);
            data.Rewind();
            follower.Read(data);
            follower.Optimizer.StepCount = original.Optimizer.StepCount;
            Assert.True(data.IsAtEnd);
        }

        original.Save(folder.File("a"));
        follower.Save(folder.File("b"));
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        Assert.Equal(Train(original, 40, 60), Train(follower, 40, 60));
        original.Save(folder.File("a"));
        follower.Save(folder.File("b"));
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
    }

    [Fact]
    public void Save_EmptyTable_CanBeLoaded()
    {
        using var folder = new TemporaryFolder();
        using GrowingTable original = new(s_spec with { Growing = new() }, SparseOptimizers.Create("sgd", new()), seed: 1);
        original.Save(folder.File("a"));

        using GrowingTable loaded = Load(folder.File("a"), new(), "sgd");

        Assert.Equal(0, loaded.Count);
        Assert.Equal(Train(original, 0, 5), Train(loaded, 0, 5));
    }

    [Fact]
    public void Save_Tensors_AreThoseDocumented()
    {
        using var folder = new TemporaryFolder();
        using GrowingTable table = new(s_spec with { Growing = Options("count", "score") }, SparseOptimizers.Create("adagrad", new()), seed: 1);
        Train(table, 0, 10);
        table.Save(folder.File("a"));

        using var file = SafetensorsFile.Open(folder.File("a"));
        long[] ids = file.Read<long>("ids").ToArray();
        int[] slots = file.Read<int>("slots").ToArray();
        Assert.Equal(
            ["candidate_counts", "candidate_ids", "candidate_ring", "candidate_slots", "counters", "ids", "last_step", "last_time", "map_state", "optimizer_step_count", "score", "slots", "states", "values"],
            file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([table.Count, Width], file.Tensors["values"].Shape);
        Assert.Equal(slots.Order(), slots);
        long[] found = new long[ids.Length];
        table.Find(ids, found);
        Assert.Equal(slots.Select(s => (long)s), found);
        Assert.Equal(table.Rows.Row(slots[^1]).ToArray(), file.Read<float>("values")[^Width..].ToArray());
        Assert.Equal("decayed_score(decay: 0.9)", file.Metadata["eviction"]);
    }

    [Fact]
    public void Load_AnotherTable_NamesFileSettingAndBothValues()
    {
        using var folder = new TemporaryFolder();
        GrowingOptions options = Options("count", "ttl");
        using GrowingTable original = new(s_spec with { Growing = options }, SparseOptimizers.Create("sgd", new()), seed: 1);
        original.Save(folder.File("a"));
        (Func<GrowingTable> Load, string Setting, string Actual, string Expected)[] wrong =
        [
            (() => Load(s_spec with { Name = "x" }, options, "sgd", 1), "table", "set/user", "x"),
            (() => Load(s_spec with { RowCount = 201 }, options, "sgd", 1), "capacity", "200", "201"),
            (() => Load(s_spec with { Width = 4 }, options, "sgd", 1), "width", "3", "4"),
            (() => Load(s_spec with { Initializer = Initializer.Zero }, options, "sgd", 1), "initializer", "Normal(0.1)", "Constant(0)"),
            (() => Load(s_spec, options, "ftrl", 1), "optimizer", "sgd", "ftrl"),
            (() => Load(s_spec, options with { Admission = AdmissionPolicy.Count(4, 50) }, "sgd", 1), "admission", "count(occurrences: 2, candidates: 50)", "count(occurrences: 4, candidates: 50)"),
            (() => Load(s_spec, options with { Eviction = EvictionPolicy.LeastFrequentlyUsed }, "sgd", 1), "eviction", "none", "least_frequently_used"),
            (() => Load(s_spec, options with { TimeToLive = null }, "sgd", 1), "time_to_live", "5", "none"),
            (() => Load(s_spec, options with { StepsAhead = 3 }, "sgd", 1), "steps_ahead", "1", "3"),
            (() => Load(s_spec, options, "sgd", 2), "seed", "1", "2"),
        ];

        long left = OutstandingMemory.LeftBy(() =>
        {
            foreach ((Func<GrowingTable> load, string setting, string actual, string expected) in wrong)
                Assert.Equal($"{folder.File("a")}: {setting} is '{actual}', but '{expected}' was expected.", Assert.Throws<InvalidDataException>(load).Message);
        });

        Assert.Equal(0, left);

        GrowingTable Load(TableSpec spec, GrowingOptions other, string optimizer, ulong seed)
            => GrowingTable.Load(folder.File("a"), spec with { Growing = other }, SparseOptimizers.Create(optimizer, new()), seed);
    }

    [Theory]
    [InlineData("format", "format is 'recsys growing table, version 7', but")]
    [InlineData("ids", "tensor 'ids' holds 5 twice")]
    [InlineData("slots", "tensor 'slots' holds 1 after 1, but slots ascend")]
    [InlineData("range", "tensor 'slots' holds 200; valid are 0 … 199")]
    [InlineData("hand", "tensor 'map_state' holds -1; valid are 0 … 199")]
    [InlineData("count", "tensor 'slots' is I32 [2], but I32 [1] was expected")]
    [InlineData("clock", "tensor 'map_state' holds the clock -1, which is at least 0")]
    public void Load_DamagedFile_NamesFileAndPlace(string place, string message)
    {
        using var folder = new TemporaryFolder();
        using GrowingTable original = new(s_spec with { Growing = new() }, SparseOptimizers.Create("sgd", new()), seed: 1);
        original.Resolve([5, 6], new long[2]);
        original.Save(folder.File("a"));
        byte[] bytes = File.ReadAllBytes(folder.File("a"));
        using (var file = SafetensorsFile.Open(folder.File("a")))
        {
            if (place == "format")
                bytes[bytes.AsSpan().IndexOf("version 2"u8) + 8] = (byte)'7';
            else if (place == "ids")
                bytes[file.Tensors["ids"].Start + 8] = 5;
            else if (place is "hand" or "clock")
                bytes.AsSpan((int)file.Tensors["map_state"].Start + (place == "hand" ? 16 : 8), 8).Fill(255);
            else if (place == "count")
                bytes[file.Tensors["map_state"].Start + 24] = 1;
            else
                bytes[file.Tensors["slots"].Start] = (byte)(place == "range" ? 200 : 1);
        }

        File.WriteAllBytes(folder.File("a"), bytes);

        Assert.StartsWith($"{folder.File("a")}: {message}", Assert.Throws<InvalidDataException>(() => Load(folder.File("a"), new(), "sgd")).Message, StringComparison.Ordinal);
    }

    private static GrowingOptions Options(string admission, string eviction) => new()
    {
        Admission = admission switch
        {
            "count" => AdmissionPolicy.Count(2, 50),
            "bloom" => AdmissionPolicy.CountingBloom(2, 50, 0.05),
            "probability" => AdmissionPolicy.Probability(0.3),
            _ => AdmissionPolicy.Always,
        },
        Eviction = eviction switch
        {
            "lru" => EvictionPolicy.LeastRecentlyUsed,
            "lfu" => EvictionPolicy.LeastFrequentlyUsed,
            "score" => EvictionPolicy.DecayedScore(0.9),
            _ => EvictionPolicy.None,
        },
        TimeToLive = eviction == "ttl" ? 5 : null,
        StepsAhead = 1,
    };

    private static GrowingTable Load(string path, GrowingOptions options, string optimizer)
        => GrowingTable.Load(path, s_spec with { Growing = options }, SparseOptimizers.Create(optimizer, new()), seed: 1);

    /// <summary>Data in memory, without names.</summary>
    private sealed class MemoryData : IDataWriter, IDataReader, IDisposable
    {
        private readonly MemoryStream _stream = new();

        public bool IsAtEnd => _stream.Position == _stream.Length;

        public void Write<T>(ReadOnlySpan<T> data)
            where T : unmanaged => _stream.Write(MemoryMarshal.AsBytes(data));

        public void Rewind() => _stream.Position = 0;

        public void Expect(string name, string type, params ReadOnlySpan<long> shape)
        {
        }

        public void Read<T>(Span<T> data)
            where T : unmanaged => _stream.ReadExactly(MemoryMarshal.AsBytes(data));

        public InvalidDataException Damaged(string what) => new(what);

        public void Dispose() => _stream.Dispose();
    }

    // Returns all slots that were given out, so that equal runs can be told from others.
    private static List<long> Train(GrowingTable table, int firstStep, int endStep)
    {
        var batch = new RowBatch(0, Width);
        List<long> all = [];
        for (int step = firstStep; step < endStep; step++)
        {
            var random = new Random(step);
            long[] ids = [.. Enumerable.Range(0, 50).Select(_ => random.NextInt64(1 + random.NextInt64(800)))];
            long[] slots = new long[ids.Length];
            table.BeginStep();
            table.Resolve(ids, slots);
            all.AddRange(slots);
            batch.Clear();
            batch.Add([.. slots.Where(s => s >= 0)]);
            foreach (ref float gradient in batch.Gradients)
                gradient = random.NextSingle() - 0.5f;
            table.Update(batch.Rows, batch.Gradients);
            table.Gather(ids, new float[ids.Length * Width]);
        }

        return all;
    }
}
