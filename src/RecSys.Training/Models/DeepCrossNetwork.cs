using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Cross layers x₀ ⊙ (W·x + b) + x over all vectors side by side, and a multi-layer perceptron: beside them (<c>structure:
/// parallel</c>, both joined by one linear output) or on top of them (<c>stacked</c>).
/// </summary>
/// <remarks>Wang et al., "DCN V2: Improved Deep &amp; Cross Network and Practical Lessons for Web-scale Learning to Rank Systems",
/// 2021.</remarks>
internal sealed class DeepCrossNetwork : CtrModel
{
    private readonly List<Linear> _crosses = [];
    private readonly Linear? _crossOutput;
    private readonly Mlp _dnn;

    public DeepCrossNetwork(ModelContext context)
        : base(context.EmbeddingSet)
    {
        int width = context.FlatWidth;
        int layers = context.Options.Int32("cross_layers", 3, minimum: 1);
        for (int i = 0; i < layers; i++)
            _crosses.Add(register_module($"cross{i}", torch.nn.Linear(width, width)));

        // One linear layer over [crosses, perceptron] is the sum of two; the output of the perceptron has the bias.
        if (context.Options.Choice("structure", "parallel", "parallel", "stacked") == "parallel")
            _crossOutput = register_module("cross_output", torch.nn.Linear(width, 1, hasBias: false));
        _dnn = register_module("dnn", new Mlp(width, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));
    }

    public override Tensor Forward(ModelInput input)
    {
        var vectors = input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric);
        var crossed = torch.nn.functional.cross_layers(
            vectors.Values, vectors.Through(_crosses[0]), [.. _crosses.Skip(1).Select(c => c.weight)], [.. _crosses.Skip(1).Select(c => c.bias!)]);
        var logits = _crossOutput is null ? _dnn.forward(crossed) : _crossOutput.forward(crossed) + _dnn.Forward(vectors.Through);
        return logits.squeeze(1);
    }
}
