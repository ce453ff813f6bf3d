using System.Text.Json;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Cli.Tests.Commands;

public sealed class KernelsCommandTests
{
    private static readonly string[] s_kernels =
    [
        "gather", "gather_pooled", "sgd", "row_wise_adagrad", "adagrad", "lazy_adam", "scatter_add", "distinct", "hash",
        "double_hash", "qr", "unified",
        .. RowPrecision.Names.Skip(1).Select(p => $"gather_{p}"),
        .. EmbeddingMethods.All.Skip(1).Select(m => $"lookup_{m.Name}"),
    ];

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void Run_Json_WritesEveryKernelAndEndsWithTheResult()
    {
        Assert.Equal(ExitCode.Success, RunTiny("--json", "--width", $"{VectorWidth.Bits}"));

        var events = Lines().Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var kernels = events.Where(e => Name(e) == "kernel").ToList();
        Assert.Equal(s_kernels.Order(), kernels.Select(k => k.GetProperty("kernel").GetString()!).Distinct().Order());
        Assert.All(kernels, kernel =>
        {
            Assert.Equal(VectorWidth.Bits, kernel.GetProperty("vector_bits").GetInt32());
            Assert.True(kernel.GetProperty("ratio").GetDouble() > 0);
            Assert.True(kernel.GetProperty("bound_million_per_second").GetDouble() > 0);
            Assert.Contains(kernel.GetProperty("rows").GetString(), (string[])["uniform", "zipf", "any"]);
        });
        Assert.Equal(["memory", "result"], events.TakeLast(2).Select(Name));
        Assert.Equal((2 * s_kernels.Length) - 1, events[^1].GetProperty("kernels").GetInt32());
    }

    [Fact]
    public void Run_AnotherWidth_MeasuresInAnotherProcess()
    {
        int bits = VectorWidth.Bits == 128 ? 0 : 128;

        Assert.Equal(ExitCode.Success, RunTiny("--width", $"{bits}"));

        Assert.Contains(Lines(), line => line.StartsWith("| gather_int4 ", StringComparison.Ordinal) && line.Contains($"| {bits,4} |", StringComparison.Ordinal));
        Assert.Contains("M lines/s of 64 bytes", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WidthThatTheProcessorLacks_IsNamedAsSkipped()
    {
        if (VectorWidth.HardwareBits == 512)
            return;

        Assert.Equal(ExitCode.Success, RunTiny("--width", "512"));

        Assert.Equal($"512 bits: skipped, this processor has {VectorWidth.HardwareBits}", Lines()[^1]);
    }

    [Theory]
    [InlineData("--dimension", "7", "--dimension is 7; valid: an even number")]
    [InlineData("--rows", "1", "--rows is 1; valid: at least 2")]
    [InlineData("--repetitions", "0", "--repetitions is 0; valid: at least 1")]
    [InlineData("--rows", "1000000000", "--rows times --dimension is 16000000000")]
    [InlineData("--width", "64", "64")]
    public void Run_WrongOption_IsBadInput(string option, string value, string message)
    {
        Assert.Equal(ExitCode.BadInput, Run("bench", "kernels", option, value));
        Assert.Contains(message, _error.ToString(), StringComparison.Ordinal);
    }

    private int RunTiny(params string[] more) => Run(["bench", "kernels", "--rows", "300", "--dimension", "6", "--repetitions", "1", "--warm-up", "0", .. more]);

    private int Run(params string[] args) => CommandLine.Run(CommandLine.CreateRoot(), args, _output, _error);

    private string[] Lines() => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Name(JsonElement line) => line.GetProperty("event").GetString()!;
}
