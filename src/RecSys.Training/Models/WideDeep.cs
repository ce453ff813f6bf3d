using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>A linear model, which has the crosses too, and a multi-layer perceptron side by side.</summary>
/// <remarks>Cheng et al., "Wide &amp; Deep Learning for Recommender Systems", 2016.</remarks>
internal sealed class WideDeep : CtrModel
{
    private readonly LinearTerm _wide;
    private readonly Mlp _dnn;

    public WideDeep(ModelContext context)
        : base(context.WideSet, context.EmbeddingSet)
    {
        _wide = register_module("wide", new LinearTerm(context.Schema.NumericCount));
        _dnn = register_module("dnn", new Mlp(context.FlatWidth, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));
    }

    public override ModelOutput Forward(ModelInput input)
        => _wide.Forward(input.Sets[0].Fields, input.Numeric)
            + _dnn.Forward(input.Sets[1].Flatten(input.Sets[1].Fields, input.Numeric).Through).squeeze(1);
}
