using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Methods;
using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training.Tests.Models;

/// <summary>A model in double precision over a few random vectors, and its layers as plain loops.</summary>
internal sealed class SmallModel : IDisposable
{
    public const int BatchSize = 5;
    public const int Dimension = 4;

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public SmallModel(string options, int fields = 3, int numeric = 2, MethodState? decided = null, int tasks = 0)
    {
        torch.manual_seed(1);
        var node = ConfigNode.Parse(options, "model.yaml");
        string name = node.String("name");
        List<DataFeature> categories = [.. Enumerable.Range(0, fields).Select(f => new DataFeature($"c{f}", FeatureKind.Categorical, $"c{f}", 1))];
        if (name == CtrModels.OverCrosses)
            categories.AddRange(Enumerable.Range(1, fields - 1).Select(f => new DataFeature($"c0.c{f}", FeatureKind.Categorical, $"c0.c{f}", 1) { Cross = ["c0", $"c{f}"] }));
        var schema = new DataSchema
        {
            Features = [.. categories, .. Enumerable.Range(0, numeric).Select(f => new DataFeature($"n{f}", FeatureKind.Numeric, "", 1))],
            Tasks = [.. Enumerable.Range(0, tasks).Select(t => new DataTask($"t{t}", "1"))],
            Vocabularies = categories.ToDictionary(f => f.Field, _ => 10L),
        };
        Model = CtrModels.Create(name, new ModelContext(schema, Dimension, node, decided));
        Model.to(torch.float64);
        Input = new ModelInput(
            BatchSize,
            numeric == 0 ? null : torch.randn([BatchSize, numeric], torch.float64),
            [.. Model.Sets.Select(set => new SetVectors(torch.randn([BatchSize, set.Features.Count, set.Dimension], torch.float64).requires_grad_(), torch.full([set.Features.Count, BatchSize], -1, torch.int32), []))]);
    }

    public CtrModel Model { get; }

    public ModelInput Input { get; }

    public long ParameterCount => Model.parameters().Sum(p => p.numel);

    /// <summary>The vectors of a set of one sample, field by field.</summary>
    public double[][] Vectors(int set, int sample) => [.. Rows(Input.Sets[set].Fields.select(0, sample))];

    public double[] Numeric(int sample) => Input.Numeric!.select(0, sample).ToArray<double>();

    /// <summary>W·x + b of a linear layer; b is 0 where it has none.</summary>
    public double[] Linear(string layer, double[] x)
    {
        var parameters = Model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        double[] bias = parameters.TryGetValue(layer + ".bias", out var values) ? values.detach().ToArray<double>() : [];
        return [.. Rows(parameters[layer + ".weight"]).Select((row, i) => Dot(row, x) + (bias.Length > 0 ? bias[i] : 0))];
    }

    /// <summary>Linear layers with ReLU between them.</summary>
    public double[] Perceptron(double[] x, params string[] layers)
        => layers.Skip(1).Aggregate(Linear(layers[0], x), (hidden, layer) => Linear(layer, Relu(hidden)));

    public static double[] Relu(double[] x) => [.. x.Select(value => Math.Max(value, 0))];

    public static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    public double[] Logits() => Model.Forward(Input).Logits.detach().ToArray<double>();

    public void Dispose()
    {
        Model.Dispose();
        _scope.Dispose();
    }

    private static IEnumerable<double[]> Rows(Tensor matrix) => matrix.detach().contiguous().ToArray<double>().Chunk((int)matrix.shape[1]);
}
