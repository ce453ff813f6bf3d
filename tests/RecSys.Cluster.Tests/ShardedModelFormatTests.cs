using System.Text;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

public sealed class ShardedModelFormatTests
{
    public static TheoryData<string> Policies => [.. TestModels.Policies.Keys];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Read_WhatWasWritten_IsTheSameModel(string policies)
    {
        foreach (var model in new[] { TestModels.Create(), TestModels.CreateGrowing(TestModels.Policies[policies]) })
        {
            var read = ShardedModelFormat.Read(ShardedModelFormat.Write(model));

            Assert.Equal(model.Id, read.Id);
            Assert.Equal(model.Tables.Select(t => t.Growing), read.Tables.Select(t => t.Growing));
            Assert.Equal(model.ByteCount, read.ByteCount);
        }
    }

    [Fact]
    public void Id_OtherPolicies_IsAnother()
    {
        ulong[] ids = [.. TestModels.Policies.Values.Append(new() { StepsAhead = 1 }).Select(p => TestModels.CreateGrowing(p).Id)];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Theory]
    [InlineData("\"version\":2", "\"version\":1", "its version is 1; valid: 2")]
    [InlineData("\"time_to_live\":5", "\"time_to_live\":-1", "non-negative")]
    [InlineData("\"time_to_live\":5", "\"time_to_life\":5", "time_to_life")]
    [InlineData("\"rule\":\"probability\"", "\"rule\":\"sometimes\"", "growing.admission.rule")]
    [InlineData("\"rule\":\"probability\"", "\"rule\":3", "growing.admission.rule")]
    [InlineData("\"rate\":0.4", "\"rate\":1.4", "The probability of admission")]
    [InlineData("\"order\":\"least_recently_used\"", "\"order\":null", "growing.eviction.order")]
    [InlineData("\"decay\":1", "\"decay\":\"x\"", "decay")]
    [InlineData("\"steps_ahead\":0", "\"steps_ahead\":-1", "non-negative")]
    [InlineData("\"row_count\":300", "\"row_count\":20000000000", "at most 1073741824 are possible")]
    public void Read_ModelThatCannotBe_SaysWhy(string written, string changed, string message)
    {
        string json = Encoding.UTF8.GetString(ShardedModelFormat.Write(TestModels.CreateGrowing(TestModels.Policies["ttl, lru, probability"])));
        Assert.Contains(written, json, StringComparison.Ordinal);

        var error = Assert.Throws<ShardException>(() => ShardedModelFormat.Read(Encoding.UTF8.GetBytes(json.Replace(written, changed, StringComparison.Ordinal))));

        Assert.Equal(ShardErrorKind.Invalid, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_GrowingTableWithAMask_IsRefused()
    {
        var table = new TableSpec("t", 10, 4, Initializer.Zero) { Growing = new GrowingOptions(), Mask = new RowMask(new PackedArray(40, 1)) };

        Assert.Contains("a mask", Assert.Throws<ArgumentException>(() => new ShardedModel("m", [table], "sgd", new SparseOptimizerOptions(), 1)).Message, StringComparison.Ordinal);
    }
}
