using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>Factorisation machine and multi-layer perceptron over the same vectors.</summary>
/// <remarks>Guo et al., "DeepFM: A Factorization-Machine based Neural Network for CTR Prediction", 2017.</remarks>
internal sealed class DeepFm : CtrModel
{
    private readonly LinearTerm _firstOrder;
    private readonly Mlp _dnn;

    public DeepFm(ModelContext context)
        : base(context.LinearSet, context.EmbeddingSet)
    {
        _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));
        _dnn = register_module("dnn", new Mlp(context.FlatWidth, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        (var interaction, var vectors) = torch.nn.functional.pairwise_interaction(input.Sets[1].Fields);
        return _firstOrder.Forward(input.Sets[0].Fields, input.Numeric)
            + interaction
            + _dnn.Forward(input.Sets[1].Flatten(vectors, input.Numeric).Through).squeeze(1);
    }
}
