using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>IPNN: a multi-layer perceptron over the vectors and the dot products of all pairs of them.</summary>
/// <remarks>Qu et al., "Product-based Neural Networks for User Response Prediction", 2016.</remarks>
internal sealed class InnerProductNetwork : CtrModel
{
    private readonly Mlp _dnn;

    public InnerProductNetwork(ModelContext context)
        : base(context.EmbeddingSet)
        => _dnn = register_module("dnn", new Mlp(context.FlatWidth + context.PairCount, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0];
        return _dnn.Forward(vectors.Flatten(vectors.Fields, input.Numeric, torch.nn.functional.dot_interaction(vectors.Fields)).Through).squeeze(1);
    }
}
