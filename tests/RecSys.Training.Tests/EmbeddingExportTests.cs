using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using RecSys.Data;
using RecSys.Data.Interop;

namespace RecSys.Training.Tests;

/// <summary>What is written, read back without the classes that wrote it, against the look-ups.</summary>
[Collection(TinyCollection.Name)]
public sealed class EmbeddingExportTests(TinyDataset tiny)
{
    public static TheoryData<string, string> Runs => new()
    {
        { "{name: full}", "fp32" },
        { "{name: qr, budget: 0.5}", "bf16" },
        { "{name: hash_embedding, budget: 0.5}", "int8" },
        { "{name: unified, budget: 0.3}", "{name: int8, scale: learned}" },
        { "{name: low_dimension, budget: 0.6, projection: per_field}", "fp16" },
        { "{name: deeplight, budget: 0.4}", "fp32" },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Files_HoldTheVectorsOfTheLookUps(string method, string precision)
    {
        using var lookup = EmbeddingLookup.Open(Train($"embedding.method={method}", $"embedding.precision={precision}"));
        var export = new EmbeddingExport(lookup, []);
        string file = Path.Combine(tiny.NewFolder(), "new", "vectors.safetensors");
        string folder = Path.Combine(tiny.NewFolder(), "vectors");

        export.WriteSafetensors(file);
        export.WriteParquet(folder);

        var tensors = ReadSafetensors(file, out var metadata);
        Assert.Equal(export.Metadata, metadata);
        Assert.Equal(lookup.Fields.Select(f => f.Name), tensors.Keys);
        foreach (var field in lookup.Fields)
        {
            float[] expected = [.. lookup.LookUp(field.Name, [.. Enumerable.Range(0, (int)field.VocabularySize).Select(id => (long)id)]).SelectMany(v => v)];
            Assert.True(MemoryMarshal.AsBytes<float>(expected).SequenceEqual(MemoryMarshal.AsBytes<float>(tensors[field.Name])), $"{field.Name}, safetensors");
            Assert.True(MemoryMarshal.AsBytes<float>(expected).SequenceEqual(MemoryMarshal.AsBytes<float>(ReadParquet(Path.Combine(folder, $"{field.Name}.parquet")))), $"{field.Name}, Parquet");
            Assert.Contains(expected, number => number != 0);
        }
    }

    [Fact]
    public void Fields_Chosen_AreWrittenAlone()
    {
        using var lookup = EmbeddingLookup.Open(Train("embedding.fields={item: {method: {name: hash, budget: 0.5}, precision: int8}}"));
        string folder = Path.Combine(tiny.NewFolder(), "vectors");
        List<long> progress = [];
        var export = new EmbeddingExport(lookup, ["item", "user"]) { Progress = progress.Add };

        export.WriteParquet(folder);

        Assert.Equal(["item.parquet", "user.parquet"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("user: full; item: hash", export.Metadata["method"]);
        Assert.Equal("user: fp32; item: int8", export.Metadata["precision"]);
        Assert.Equal(export.RowCount, progress[^1]);
        Assert.Contains("did you mean 'item'? valid: user, category, hour, item", Assert.Throws<DataException>(() => new EmbeddingExport(lookup, ["itm"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_Taken_IsLeftAlone()
    {
        using var lookup = EmbeddingLookup.Open(Train());
        var export = new EmbeddingExport(lookup, ["hour"]);
        string folder = tiny.NewFolder();
        string file = Path.Combine(folder, "file");

        // An empty folder and an empty file are as good as none.
        export.WriteParquet(folder);
        File.WriteAllText(file, "");
        export.WriteSafetensors(file);

        Assert.StartsWith(folder, Assert.Throws<DataException>(() => export.WriteParquet(folder)).Message, StringComparison.Ordinal);
        Assert.StartsWith(file, Assert.Throws<DataException>(() => export.WriteParquet(file)).Message, StringComparison.Ordinal);
        Assert.StartsWith(folder, Assert.Throws<DataException>(() => export.WriteSafetensors(folder)).Message, StringComparison.Ordinal);
        Assert.StartsWith(file, Assert.Throws<DataException>(() => export.WriteSafetensors(file)).Message, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    private string Train(params string[] overrides)
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, ["train.epochs=1", .. overrides]);
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using var trainer = new Trainer(config, tiny.Open(), folder);
        trainer.Run();
        return folder;
    }

    // As the format is published: eight bytes of length, a header in JSON, the numbers.
    private static Dictionary<string, float[]> ReadSafetensors(string path, out Dictionary<string, string> metadata)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var header = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(bytes.AsSpan(8, length))!;
        metadata = header["__metadata__"].Deserialize<Dictionary<string, string>>()!;
        Dictionary<string, float[]> tensors = [];
        foreach ((string name, JsonElement entry) in header.Where(e => e.Key != "__metadata__"))
        {
            int[] offsets = entry.GetProperty("data_offsets").Deserialize<int[]>()!;
            long[] shape = entry.GetProperty("shape").Deserialize<long[]>()!;
            Assert.Equal("F32", entry.GetProperty("dtype").GetString());
            Assert.Equal(offsets[1] - offsets[0], shape[0] * shape[1] * sizeof(float));
            tensors.Add(name, MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + length + offsets[0], offsets[1] - offsets[0])).ToArray());
        }

        return tensors;
    }

    private static float[] ReadParquet(string path)
    {
        using var database = DuckDatabase.Open();
        using var result = database.Query($"SELECT unnest(vector) FROM read_parquet('{path}') WHERE id = file_row_number");
        List<float> numbers = [];
        while (result.Next() is { } chunk)
            numbers.AddRange(chunk[0].Values<float>());
        return [.. numbers];
    }
}
