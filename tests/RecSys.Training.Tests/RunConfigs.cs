using RecSys.Training.Configuration;

namespace RecSys.Training.Tests;

internal static class RunConfigs
{
    private const string Base = """
        model: {name: deepfm, hidden_units: [16, 8]}
        embedding: {dimension: 4}
        sparse_optimizer: {name: adagrad, learning_rate: 0.05}
        train: {batch_size: 256, epochs: 2, seed: 7, device: cpu}
        """;

    public static RunConfig Create(TinyDataset data, params string[] overrides) => Create(data.Prepared, overrides);

    public static RunConfig Create(string data, params string[] overrides) => RunConfig.Parse(Base, "test.yaml", [$"dataset.path={data}", .. overrides]);
}
