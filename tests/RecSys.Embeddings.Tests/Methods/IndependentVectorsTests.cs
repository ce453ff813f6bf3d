using System.Diagnostics;
using System.Globalization;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Vectors against vectors.py, which knows the definitions and hashes of the methods and is given nothing but the rows.</summary>
public sealed class IndependentVectorsTests
{
    private const int Dimension = 12;
    private static readonly EmbeddingField s_field = new("item_id", 20_000);

    [Theory]
    [InlineData("hash_embedding", "")]
    [InlineData("hash_embedding", "hashes=3 weight_share=0.2")]
    [InlineData("qr", "")]
    [InlineData("qr", "combine=add")]
    [InlineData("qr", "combine=concat")]
    [InlineData("qr", "parts=3")]
    [InlineData("qr", "parts=3 radix=chinese combine=add")]
    [InlineData("tt_rec", "")]
    [InlineData("robe", "")]
    [InlineData("robe", "block=5 signs=false")]
    [InlineData("robe", "block=1")]
    [InlineData("dhe", "")]
    [InlineData("dhe", "hashes=33 layers=3 activation=relu")]
    public void Vectors_EqualThoseOfTheScript(string name, string options)
    {
        MethodRequest request = MethodCases.Request(options, Dimension, Budget.OfFraction(0.1), [s_field], seed: 77);
        MethodLayout layout = EmbeddingMethods.Get(name).Build(request);
        Assert.DoesNotContain(layout.Tables, t => t.RowCount == s_field.VocabularySize && t.Width == Dimension);
        using var rows = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 3);
        long[] ids = [0, 1, 2, 19_999, .. Enumerable.Range(0, 500).Select(i => (long)i * 39)];
        var vectors = new float[ids.Length * Dimension];
        new DirectLookup(layout, s_field, rows).Read(ids, vectors);
        using var folder = new TemporaryFolder();
        string path = folder.File("vectors.safetensors");
        Save(path, name, options, request, rows, ids, vectors);

        (int exitCode, string output) = RunPython(Path.Combine(AppContext.BaseDirectory, "vectors.py"), path);

        Assert.True(exitCode == 0, output);
    }

    private static (int ExitCode, string Output) RunPython(params string[] arguments)
    {
        string python = Environment.GetEnvironmentVariable("RECSYS_PYTHON") ?? "/usr/bin/python3";
        using var process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private static void Save(string path, string name, string options, MethodRequest request, MemoryRowStore rows, long[] ids, float[] vectors)
    {
        using var writer = new SafetensorsWriter(path);
        writer.AddMetadata("method", name);
        writer.AddMetadata("options", options);
        writer.AddMetadata("field", s_field.Name);
        writer.AddMetadata("vocabulary", s_field.VocabularySize.ToString(CultureInfo.InvariantCulture));
        writer.AddMetadata("seed", request.HashSeed.ToString(CultureInfo.InvariantCulture));
        writer.AddMetadata("dimension", Dimension.ToString(CultureInfo.InvariantCulture));
        foreach (RowTable table in rows.RowTables)
            writer.Declare(table.Spec.Name, "F32", table.Spec.RowCount, table.Spec.Width);
        writer.Declare("ids", "I64", ids.Length);
        writer.Declare("vectors", "F32", ids.Length, Dimension);
        foreach (RowTable table in rows.RowTables)
            writer.Write<float>(table.Floats(0, (int)table.Spec.RowCount));
        writer.Write<long>(ids);
        writer.Write<float>(vectors);
        writer.Complete();
    }
}
