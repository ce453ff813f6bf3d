using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RecSys.Serving.Client;
using RecSys.Training;

namespace RecSys.Serving.Tests.Requests;

public sealed class InferTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private const string Path = "/v2/models/tiny/infer";

    [Fact]
    public async Task Infer_RawValuesAndIds_AreScoredLikeSamples()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var items = runs.Data.Open().Vocabulary("item");
        string[] values = [.. items.ValuesOf([5, 9, 60]).Select(v => v!)];
        var expected = await server.Client.ScoreAsync(new ScoreRequest
        {
            Samples =
            [
                new Dictionary<string, object?> { ["item"] = values[0], ["item_history"] = new[] { values[1] } },
                new Dictionary<string, object?> { ["item"] = values[1], ["item_history"] = Array.Empty<string>() },
                new Dictionary<string, object?> { ["item"] = "none", ["item_history"] = new[] { values[2], values[0] } },
            ],
        });

        var (_, byValue) = await server.PostAsync(Path, $$"""
            {"id": "7", "inputs": [
                {"name": "item", "shape": [3, 1], "datatype": "BYTES", "data": [["{{values[0]}}"], ["{{values[1]}}"], ["none"]]},
                {"name": "item_history", "shape": [3], "datatype": "BYTES", "data": ["{{values[1]}}", "{{values[2]}}", "{{values[0]}}"]},
                {"name": "item_history.lengths", "shape": [3], "datatype": "INT32", "data": [1, 0, 2]}]}
            """);
        var (_, byId) = await server.PostAsync(Path, """
            {"inputs": [
                {"name": "item", "shape": [3], "datatype": "INT64", "data": [5, 9, 0]},
                {"name": "item_history", "shape": [3], "datatype": "INT64", "data": [9, 60, 5]},
                {"name": "item_history.lengths", "shape": [3], "datatype": "INT64", "data": [1, 0, 2]}]}
            """);

        Assert.Equal("7", byValue.GetProperty("id").GetString());
        Assert.Equal(expected.Scores, ScoresOf(byValue));
        Assert.Equal(expected.Scores, ScoresOf(byId));
        Assert.Equal("[3]", byId.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
    }

    [Fact]
    public async Task Infer_Embeddings_AreTheVectorsOfTheRun()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        using var lookup = EmbeddingLookup.Open(runs.Folder);

        var (_, reply) = await server.PostAsync(Path, """
            {"inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "data": [5, 9]}], "outputs": [{"name": "embedding.item"}]}
            """);

        var output = reply.GetProperty("outputs")[0];
        Assert.Equal("[2,4]", output.GetProperty("shape").GetRawText());
        Assert.Equal(lookup.LookUp("item", [5, 9]).SelectMany(v => v), output.GetProperty("data").EnumerateArray().Select(x => x.GetSingle()));
    }

    [Fact]
    public async Task Infer_BytesBehindTheJson_AreTheSame()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);
        var (_, json) = await server.PostAsync(Path, """
            {"inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "data": [5, 9]}, {"name": "user", "shape": [2], "datatype": "BYTES", "data": ["u", "vw"]}],
             "outputs": [{"name": "scores"}, {"name": "embedding.item"}]}
            """);
        byte[] head = Encoding.UTF8.GetBytes("""
            {"parameters": {"binary_data_output": true},
             "inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "parameters": {"binary_data_size": 16}}, {"name": "user", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 11}}],
             "outputs": [{"name": "scores", "parameters": {"binary_data": false}}, {"name": "embedding.item"}]}
            """);
        byte[] tail = [.. MemoryMarshal.AsBytes<long>([5, 9]), 1, 0, 0, 0, (byte)'u', 2, 0, 0, 0, (byte)'v', (byte)'w'];

        using var content = new ByteArrayContent([.. head, .. tail]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add("Inference-Header-Content-Length", head.Length.ToString(CultureInfo.InvariantCulture));
        using var response = await server.Http.PostAsync(new Uri(Path, UriKind.Relative), content);

        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        int length = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), CultureInfo.InvariantCulture);
        var reply = JsonDocument.Parse(bytes.AsMemory(0, length)).RootElement;
        Assert.Equal(ScoresOf(json), ScoresOf(reply));
        Assert.Equal(32, reply.GetProperty("outputs")[1].GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.Equal(json.GetProperty("outputs")[1].GetProperty("data").EnumerateArray().Select(x => x.GetSingle()), MemoryMarshal.Cast<byte, float>(bytes.AsSpan(length)).ToArray());
    }

    [Fact]
    public async Task Describe_Model_NamesInputsAndVersions()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        var model = await server.GetAsync("/v2/models/tiny");
        var server2 = await server.GetAsync("/v2");
        var (_, index) = await server.PostAsync("/v2/repository/index", "");

        Assert.Equal("recsys_din", model.GetProperty("platform").GetString());
        Assert.Contains(model.GetProperty("inputs").EnumerateArray(), i => i.GetProperty("name").GetString() == "item_history.lengths");
        Assert.Equal(runs.Best.ToString(CultureInfo.InvariantCulture), model.GetProperty("versions")[0].GetString());
        Assert.Contains("binary_tensor_data", server2.GetProperty("extensions").GetRawText(), StringComparison.Ordinal);
        Assert.Equal("READY", index[0].GetProperty("state").GetString());
        Assert.Equal(200, (int)(await server.Http.GetAsync(new Uri($"/v2/models/tiny/versions/{runs.Best}/ready", UriKind.Relative))).StatusCode);
        Assert.Equal(404, (int)(await server.Http.GetAsync(new Uri("/v2/models/tiny/versions/1/ready", UriKind.Relative))).StatusCode);
        Assert.Equal(404, (int)(await server.Http.GetAsync(new Uri("/v2/models/other", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("""{"inputs": [{"name": "itm", "shape": [1], "datatype": "INT64", "data": [1]}]}""", "inputs.itm: the model has no such feature; did you mean 'item'?")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "data": [1]}]}""", "inputs.item.data: has 1 elements, but the shape says 2")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1, 2]}]}""", "inputs.item.data: has more than the 1 elements")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [-1], "datatype": "INT64", "data": []}]}""", "inputs.item.shape: -1 is out of range")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [4294967296, 4294967296], "datatype": "INT64", "data": []}]}""", "inputs.item.shape: ")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT63", "data": [1]}]}""", "inputs.item.datatype: 'INT63' is not known")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "FP32", "data": [1]}]}""", "inputs.item.datatype: valid: INT64 for ids, BYTES for raw values")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": ["1"]}]}""", "inputs.item.data: String is no whole number")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [201]}]}""", "inputs.item.data[0]: id 201 is out of range; valid: 0 … 200")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64"}]}""", "inputs.item: has neither 'data' nor bytes")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": 8}}]}""", "inputs.item.parameters.binary_data_size: 8 is out of range")]
    [InlineData("""{"inputs": [{"name": "item_history", "shape": [1], "datatype": "INT64", "data": [1]}]}""", "inputs.item_history: needs the lengths of its lists as input 'item_history.lengths'")]
    [InlineData("""{"inputs": [{"name": "item_history", "shape": [1], "datatype": "INT64", "data": [1]}, {"name": "item_history.lengths", "shape": [1], "datatype": "INT32", "data": [2]}]}""", "inputs.item_history.lengths.data[0]: 2 is out of range")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}, {"name": "user", "shape": [2], "datatype": "INT64", "data": [1, 1]}]}""", "inputs.user: has 2 samples, but 'item' has 1")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}, {"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}]}""", "inputs.item: occurs twice")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}], "outputs": [{"name": "score"}]}""", "outputs: 'score' is not known; valid: scores, embedding.FEATURE")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}], "outputs": [{"name": "embedding.user"}]}""", "outputs.embedding.user: needs an input 'user'")]
    [InlineData("""{"inputs": []}""", "inputs: there is none")]
    [InlineData("""{"inputs": [null]}""", "inputs: an element is null")]
    [InlineData("""{"inputs": [{"name": "item"}]}""", "or has no name, shape or datatype")]
    [InlineData("""{"inputs": [{"shape": [1], "datatype": "INT64", "data": [1]}]}""", "or has no name, shape or datatype")]
    [InlineData("""{"inputs": [{"name": "item", "shape": [1], "datatype": "INT64", "data": [1]}], "outputs": [{}]}""", "outputs: '' is not known; valid: scores, embedding.FEATURE")]
    public async Task Infer_WrongRequest_NamesTheInputAndWhatIsValid(string json, string message)
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        await server.AssertRefusedAsync(Path, json, 400, message);
    }

    // Every cut and every changed byte of a binary look-up is refused or answered, and never breaks the server.
    [Fact]
    public void BinaryLookup_AnyDamage_IsAFormatError()
    {
        var output = new ArrayBufferWriter<byte>();
        BinaryLookup.Write(output, new LookupRequest { Model = "tiny", Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1, 2), ["user"] = new() { Ids = [3], Lengths = [1], Pooling = VectorPooling.Sum } } });
        byte[] whole = output.WrittenSpan.ToArray();
        var random = new Random(3);

        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<FormatException>(() => BinaryLookup.ReadRequest(whole.AsSpan(0, length)));
        Assert.Throws<FormatException>(() => BinaryLookup.ReadRequest([.. whole, 0]));
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(whole.Length)] = (byte)random.Next(256);
            try
            {
                BinaryLookup.ReadRequest(damaged);
            }
            catch (FormatException)
            {
                // Refused.
            }
        }
    }

    private static IEnumerable<float> ScoresOf(JsonElement reply)
        => reply.GetProperty("outputs").EnumerateArray().Single(o => o.GetProperty("name").GetString() == "scores").GetProperty("data").EnumerateArray().Select(x => x.GetSingle());
}
