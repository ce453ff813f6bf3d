using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>A multi-layer perceptron over all vectors side by side, histories by their mean.</summary>
/// <remarks>The base model of Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", 2018.</remarks>
internal sealed class DeepNetwork : CtrModel
{
    private readonly Mlp _dnn;

    public DeepNetwork(ModelContext context)
        : base(context.EmbeddingSet)
        => _dnn = register_module("dnn", new Mlp(context.FlatWidth, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));

    public override ModelOutput Forward(ModelInput input) => _dnn.Forward(input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric).Through).squeeze(1);
}
