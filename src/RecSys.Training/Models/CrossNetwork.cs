using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>DCN: cross layers x₀ · (w·x) + b + x over all vectors side by side, and a multi-layer perceptron beside them.</summary>
/// <remarks>Wang et al., "Deep &amp; Cross Network for Ad Click Predictions", 2017.</remarks>
internal sealed class CrossNetwork : CtrModel
{
    private readonly List<(Linear Weight, Tensor Bias)> _crosses = [];
    private readonly Linear _crossOutput;
    private readonly Mlp _dnn;

    public CrossNetwork(ModelContext context)
        : base(context.EmbeddingSet)
    {
        int width = context.FlatWidth;
        int layers = context.Options.Int32("cross_layers", 3, minimum: 1);
        for (int i = 0; i < layers; i++)
            _crosses.Add((register_module($"cross{i}", torch.nn.Linear(width, 1, hasBias: false)), register_parameter($"cross{i}_bias", torch.zeros([width]))));

        // One linear layer over [crosses, perceptron] is the sum of two; the output of the perceptron has the bias.
        _crossOutput = register_module("cross_output", torch.nn.Linear(width, 1, hasBias: false));
        _dnn = register_module("dnn", new Mlp(width, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var start = input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric);
        var crossed = _crosses.Aggregate(start.Values, (x, cross) => (start.Values * cross.Weight.forward(x)) + cross.Bias + x);
        return (_crossOutput.forward(crossed) + _dnn.Forward(start.Through)).squeeze(1);
    }
}
