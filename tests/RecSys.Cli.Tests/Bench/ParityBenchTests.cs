using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Tests.Bench;

public sealed class ParityBenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-parity-test-").FullName;

    // Networks are small: at a ReLU whose input is nothing but rounding, both sides may be right and far apart.
    [Theory]
    [InlineData("lr")]
    [InlineData("fm")]
    [InlineData("fwfm")]
    [InlineData("fwfm, linear: felv")]
    [InlineData("fwfm, linear: filv")]
    [InlineData("ffm")]
    [InlineData("dnn, hidden_units: [16, 8]")]
    [InlineData("wide_deep, hidden_units: [16, 8]")]
    [InlineData("deepfm, hidden_units: [16, 8]")]
    [InlineData("ipnn, hidden_units: [16, 8]")]
    [InlineData("dcn, hidden_units: [16, 8]")]
    [InlineData("dcnv2, hidden_units: [16, 8]")]
    [InlineData("dcnv2, structure: stacked, hidden_units: [16, 8]")]
    [InlineData("dcnv2, structure: stacked_parallel, hidden_units: [16, 8]")]
    [InlineData("dcnv2, structure: cross_only")]
    [InlineData("dcnv2, low_rank: 3, experts: 2, hidden_units: [16, 8]")]
    [InlineData("dcnv2, low_rank: 3, structure: stacked, hidden_units: [16, 8]")]
    [InlineData("xdeepfm, cin_units: [5, 4], hidden_units: [16, 8]")]
    [InlineData("autoint")]
    [InlineData("autoint, attention_heads: 4, attention_dimension: 8, attention_scale: true, linear: true, hidden_units: [6]")]
    [InlineData("dlrm, hidden_units: [16, 8]")]
    [InlineData("finalmlp, hidden_units1: [8, 6], hidden_units2: [9], heads: 3")]
    [InlineData("finalmlp, feature_selection: false, hidden_units1: [8, 6], hidden_units2: [9]")]
    [InlineData("finalmlp, context1: a, context2: b, hidden_units1: [8, 6], hidden_units2: [9]")]
    public void CompareGradients_NumericFeatures_AgreeWithTheTwin(string model)
    {
        Prepare();

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("din, hidden_units: [16, 8]")]
    [InlineData("dien, hidden_units: [16, 8]")]
    [InlineData("dien, auxiliary_weight: 0, hidden_units: [16, 8]")]
    [InlineData("dare, search: 0, auxiliary_weight: 0, hidden_units: [16, 8]")]
    [InlineData("dare, search: 3, attention_dimension: 2, positions: 4, hidden_units: [16, 8]")]
    public void CompareGradients_Histories_AgreeWithTheTwin(string model)
    {
        SyntheticDataset.Write(SyntheticOptions.Shop(400, 1000), Path.Combine(_folder, "prepared"));

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("shared_bottom, bottom_hidden_units: [8, 6], tower_hidden_units: [5]")]
    [InlineData("shared_bottom, task_weights: {bought: 0.5}, bottom_hidden_units: [8, 6], tower_hidden_units: [5]")]
    [InlineData("mmoe, experts: 3, expert_hidden_units: [8], task_weights: {late: 2}")]
    [InlineData("mmoe, experts: 2, gate_hidden_units: [7], tower_hidden_units: [], expert_hidden_units: [8]")]
    public void CompareGradients_SeveralTasks_AgreeWithTheTwin(string model)
    {
        Prepare("tasks: [{name: bought, expression: 'CASE WHEN y < 40 THEN label * (x > 0.3)::INTEGER END'}, {name: late, expression: a::INTEGER > 4}]");

        var errors = AssertAgreement(model);

        Assert.Contains("task_logits", errors.Keys);
    }

    [Theory]
    [InlineData("shared_bottom, bottom_hidden_units: [8, 6], tower_hidden_units: [5]")]
    [InlineData("mmoe, expert_hidden_units: [8]")]
    public void CompareGradients_LabelAlone_AgreesWithTheTwin(string model)
    {
        Prepare();

        AssertAgreement(model);
    }

    [Theory]
    [InlineData("optinter, interaction_dimension: 3, hidden_units: [8, 6]")]
    [InlineData("lr")]
    [InlineData("wide_deep, hidden_units: [16, 8]")]
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
