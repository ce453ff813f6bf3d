using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// FwFM: the dot product of every pair of vectors times a weight of its pair of fields, and a first-order part: a weight per id
/// (<c>linear: lw</c>), the dot product with a second vector per id (<c>felv</c>), or with one vector per field (<c>filv</c>).
/// </summary>
/// <remarks>Pan et al., "Field-weighted Factorization Machines for Click-Through Rate Prediction in Display Advertising", 2018.</remarks>
internal sealed class FieldWeightedMachine : CtrModel
{
    private readonly LinearTerm _firstOrder;
    private readonly Linear _pairs;
    private readonly Tensor? _fieldVectors;

    public FieldWeightedMachine(ModelContext context)
        : base(SetsOf(context))
    {
        _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));
        _pairs = register_module("pairs", torch.nn.Linear(context.PairCount, 1, hasBias: false));
        if (Sets.Count > 1)
            return;
        _fieldVectors = register_parameter("field_vectors", torch.empty([context.AllPooled.Count, context.Dimension]));
        torch.nn.init.xavier_normal_(_fieldVectors);
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[^1].Fields;
        var linear = input.Sets[0].Fields;
        var weights = _fieldVectors is not null ? (vectors * _fieldVectors).sum(2) : linear.shape[2] == 1 ? linear : (vectors * linear).sum(2);
        return _firstOrder.Forward(weights, input.Numeric) + _pairs.forward(torch.nn.functional.dot_interaction(vectors)).squeeze(1);
    }

    private static SetRequest[] SetsOf(ModelContext context) => context.Options.Choice("linear", "lw", "lw", "felv", "filv") switch
    {
        "lw" => [context.LinearSet, context.EmbeddingSet],
        "felv" => [context.LinearSet with { Dimension = context.Dimension }, context.EmbeddingSet],
        _ => [context.EmbeddingSet],
    };
}
