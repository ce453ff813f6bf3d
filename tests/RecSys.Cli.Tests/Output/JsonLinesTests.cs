using System.Text.Json;
using RecSys.Cli.Output;

namespace RecSys.Cli.Tests.Output;

public sealed class JsonLinesTests
{
    private readonly StringWriter _text = new();

    [Fact]
    public void Write_Object_IsOneLineInSnakeCaseWithEventFirst()
    {
        new JsonLines(_text).Write("result", new { SamplesPerSecond = 5.5, EmbeddingBytes = 12L, Device = "cpu" });

        Assert.Equal("""{"event":"result","samples_per_second":5.5,"embedding_bytes":12,"device":"cpu"}""" + "\n", _text.ToString());
    }

    [Fact]
    public void Write_NumbersThatAreNotFinite_BecomeNull()
    {
        new JsonLines(_text).Write("epoch", new { Auc = double.NaN, Gauc = (double?)double.PositiveInfinity, Nothing = (double?)null });

        Assert.Equal("""{"event":"epoch","auc":null,"gauc":null,"nothing":null}""" + "\n", _text.ToString());
    }

    [Fact]
    public void Write_Dictionary_KeepsItsKeys()
    {
        new JsonLines(_text).Write("plan", new Dictionary<string, long> { ["User_ID"] = 3 });

        Assert.Equal("""{"event":"plan","User_ID":3}""" + "\n", _text.ToString());
    }

    [Fact]
    public void Write_TextWithLineBreakAndAccent_StaysOneReadableLine()
    {
        new JsonLines(_text).Write("note", new { Text = "a\nb – é" });

        Assert.Equal("{\"event\":\"note\",\"text\":\"a\\nb – é\"}\n", _text.ToString());
    }

    [Fact]
    public void Write_Scalar_Throws()
        => Assert.Throws<ArgumentException>(() => new JsonLines(_text).Write("x", 5));

    [Fact]
    public void Write_ManyThreads_KeepsLinesWhole()
    {
        var lines = new JsonLines(TextWriter.Synchronized(_text));

        Parallel.For(0, 200, index => lines.Write("step", new { Index = index }));

        int[] seen = [.. _text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt32())];
        Assert.Equal(Enumerable.Range(0, 200), seen.Order());
    }
}
