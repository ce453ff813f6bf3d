using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>Several tasks over one multi-layer perceptron that they share, with a small network for each.</summary>
/// <remarks>Caruana, "Multitask Learning", 1997.</remarks>
internal sealed class SharedBottom : CtrModel
{
    private readonly Mlp _bottom;
    private readonly TaskTowers _towers;

    public SharedBottom(ModelContext context)
        : base(context.EmbeddingSet)
    {
        var units = MlpOptions.Read(context.Options, "bottom_hidden_units", [400, 400], "relu").WithLayers(context.Options, "bottom_hidden_units");
        _bottom = register_module("bottom", new Mlp(context.FlatWidth, units, outputs: 0));
        _towers = register_module("towers", new TaskTowers(context, units.HiddenUnits[^1]));
    }

    public override bool LearnsTasks => true;

    public override ModelOutput Forward(ModelInput input)
    {
        var shared = _bottom.Forward(input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric).Through);
        return _towers.Forward(input, _ => shared);
    }
}
