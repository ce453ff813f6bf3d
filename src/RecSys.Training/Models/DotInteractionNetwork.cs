using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// DLRM: numeric features pass a bottom perceptron and become one more vector; a top perceptron takes that vector and the dot products
/// of all pairs of vectors. Without numeric features there is no bottom, and the top takes the products alone.
/// </summary>
/// <remarks>Naumov et al., "Deep Learning Recommendation Model for Personalization and Recommendation Systems", 2019.</remarks>
internal sealed class DotInteractionNetwork : CtrModel
{
    private readonly Sequential? _bottom;
    private readonly Mlp _top;

    public DotInteractionNetwork(ModelContext context)
        : base(context.EmbeddingSet)
    {
        int vectors = context.EmbeddingSet.Features.Count;
        var bottomUnits = context.Options.Int32List("bottom_units", [512, 256, 64]);
        int numeric = context.Schema.NumericCount;
        if (numeric > 0)
        {
            vectors++;
            int[] widths = [numeric, .. bottomUnits, context.Dimension];
            _bottom = register_module("bottom", torch.nn.Sequential(widths.Zip(widths.Skip(1)).SelectMany(Layer)));
        }

        if (vectors < 2)
            throw context.Options.Error("name", "model 'dlrm' needs two vectors or more, of sparse features and of the numeric ones together; this data set has one");
        int inputs = (vectors * (vectors - 1) / 2) + (numeric > 0 ? context.Dimension : 0);
        _top = register_module("top", new Mlp(inputs, MlpOptions.Read(context.Options, "hidden_units", [512, 256], "relu")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0].Fields;
        if (_bottom is null || input.Numeric is null)
            return _top.forward(torch.nn.functional.dot_interaction(vectors)).squeeze(1);
        var dense = _bottom.forward(input.Numeric);
        var dots = torch.nn.functional.dot_interaction(torch.cat([dense.unsqueeze(1), vectors], 1));
        return _top.forward(torch.cat([dense, dots], 1)).squeeze(1);
    }

    private static IEnumerable<Module<Tensor, Tensor>> Layer((int Inputs, int Outputs) widths)
        => [torch.nn.Linear(widths.Inputs, widths.Outputs), torch.nn.ReLU()];
}
