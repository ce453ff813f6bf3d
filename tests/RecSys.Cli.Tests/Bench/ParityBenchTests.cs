using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Tests.Bench;

public sealed class ParityBenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-parity-test-").FullName;

    [Theory]
    [InlineData("lr")]
    [InlineData("fm")]
    [InlineData("fwfm")]
    [InlineData("fwfm, linear: felv")]
    [InlineData("fwfm, linear: filv")]
    [InlineData("ffm")]
    [InlineData("dnn")]
    [InlineData("wide_deep")]
    [InlineData("deepfm")]
    [InlineData("ipnn")]
    [InlineData("dcn")]
    [InlineData("dcnv2")]
    [InlineData("dcnv2, structure: stacked")]
    [InlineData("dcnv2, structure: stacked_parallel")]
    [InlineData("dcnv2, structure: cross_only")]
    [InlineData("dcnv2, low_rank: 3, experts: 2")]
    [InlineData("dcnv2, low_rank: 3, structure: stacked")]
    [InlineData("xdeepfm, cin_units: [5, 4]")]
    [InlineData("autoint")]
    [InlineData("autoint, attention_heads: 4, attention_dimension: 8, attention_scale: true, linear: true, hidden_units: [6]")]
    [InlineData("dlrm")]
    [InlineData("finalmlp, hidden_units1: [8, 6], hidden_units2: [9], heads: 3")]
    [InlineData("finalmlp, feature_selection: false")]
    [InlineData("finalmlp, context1: a, context2: b")]
    public void CompareGradients_NumericFeatures_AgreeWithTheTwin(string model)
    {
        Prepare();

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("din")]
    [InlineData("dien")]
    [InlineData("dien, auxiliary_weight: 0")]
    [InlineData("dare, search: 0, auxiliary_weight: 0")]
    [InlineData("dare, search: 3, attention_dimension: 2, positions: 4")]
    public void CompareGradients_Histories_AgreeWithTheTwin(string model)
    {
        SyntheticDataset.Write(SyntheticOptions.Shop(400, 1000), Path.Combine(_folder, "prepared"));

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("shared_bottom, bottom_hidden_units: [8, 6], tower_hidden_units: [5]")]
    [InlineData("shared_bottom, task_weights: {bought: 0.5}")]
    [InlineData("mmoe, experts: 3, expert_hidden_units: [8], task_weights: {late: 2}")]
    [InlineData("mmoe, experts: 2, gate_hidden_units: [7], tower_hidden_units: []")]
    public void CompareGradients_SeveralTasks_AgreeWithTheTwin(string model)
    {
        Prepare("tasks: [{name: bought, expression: 'CASE WHEN y < 40 THEN label * (x > 0.3)::INTEGER END'}, {name: late, expression: a::INTEGER > 4}]");

        var errors = AssertAgreement(model);

        Assert.Contains("task_logits", errors.Keys);
    }

    [Theory]
    [InlineData("shared_bottom")]
    [InlineData("mmoe")]
    public void CompareGradients_LabelAlone_AgreesWithTheTwin(string model)
    {
        Prepare();

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("optinter, interaction_dimension: 3, hidden_units: [8, 6]")]
    [InlineData("lr")]
    [InlineData("wide_deep")]
    public void CompareGradients_Crosses_AgreeWithTheTwin(string model)
    {
        SyntheticDataset.Write(SyntheticOptions.CrossedFields(400), Path.Combine(_folder, "prepared"));

        AssertAgreement(model);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IReadOnlyDictionary<string, double> AssertAgreement(string model)
    {
        var config = RunConfig.Parse(
            $$"""
            dataset: {path: '{{_folder}}/prepared'}
            model: {name: {{model}}}
            embedding: {dimension: 4}
            sparse_optimizer: {name: adagrad}
            train: {batch_size: 64, device: cpu}
            """,
            "parity");

        var errors = new ParityBench(config, _folder).CompareGradients();

        Assert.Contains("logits", errors.Keys);
        Assert.All(errors, error => Assert.InRange(error.Value, 0, 1e-4));
        return errors;
    }

    private void Prepare(string tasks = "")
    {
        var random = new Random(1);
        File.WriteAllLines(Path.Combine(_folder, "raw.csv"),
        [
            "label,a,b,x,y",
            .. Enumerable.Range(0, 200).Select(_ => string.Create(CultureInfo.InvariantCulture, $"{random.Next(2)},{random.Next(9)},{random.Next(20)},{random.NextDouble():0.000},{random.Next(50)}")),
        ]);
        Preparation.Run(
            ConfigNode.Parse(
                $$$"""
                name: tiny
                sources: {log: {path: '{{{_folder}}}/raw.csv', format: csv}}
                features:
                - {columns: [a, b]}
                - {columns: [x, y], type: numeric}
                split: {by: random, validation: 0.1, test: 0.1}
                {{{tasks}}}
                """,
                "tiny"),
            Path.Combine(_folder, "prepared"));
    }
}
