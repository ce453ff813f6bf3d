using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Tests.Bench;

public sealed class ParityBenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-parity-test-").FullName;

    [TwinTheory]
    [InlineData("deepfm")]
    [InlineData("dcnv2")]
    [InlineData("dcnv2, structure: stacked")]
    [InlineData("dlrm")]
    public void CompareGradients_NumericFeatures_AgreeWithTheTwin(string model)
    {
        Prepare();
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
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Prepare()
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
                """,
                "tiny"),
            Path.Combine(_folder, "prepared"));
    }
}
