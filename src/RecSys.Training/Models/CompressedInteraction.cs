using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// xDeepFM: a linear model, a multi-layer perceptron, and a compressed interaction network: every vector of its layer k is a weighted sum of
/// the products of all vectors of layer k − 1 with all fields; the sums of the numbers of each vector go to the output.
/// </summary>
/// <remarks>Lian et al., "xDeepFM: Combining Explicit and Implicit Feature Interactions for Recommender Systems", 2018.</remarks>
internal sealed class CompressedInteraction : CtrModel
{
    private readonly LinearTerm _firstOrder;
    private readonly List<Linear> _layers = [];
    private readonly Linear _output;
    private readonly Mlp _dnn;

    public CompressedInteraction(ModelContext context)
        : base(context.LinearSet, context.EmbeddingSet)
    {
        var units = context.Options.Int32List("cin_units", [16, 16, 16]);
        int fields = context.AllPooled.Count;
        int before = fields;
        foreach (int width in units)
        {
            _layers.Add(register_module($"cin{_layers.Count}", torch.nn.Linear(before * fields, width)));
            before = width;
        }

        _output = register_module("cin_output", torch.nn.Linear(units.Sum(), 1, hasBias: false));
        _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));
        _dnn = register_module("dnn", new Mlp(context.FlatWidth, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "relu")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[1];
        return _firstOrder.Forward(input.Sets[0].Fields, input.Numeric)
            + _output.forward(Interactions(vectors.Fields)).squeeze(1)
            + _dnn.Forward(vectors.Flatten(vectors.Fields, input.Numeric).Through).squeeze(1);
    }

    // Numbers before fields, [batch, dimension, field], so that a layer is one product of matrices.
    private Tensor Interactions(Tensor fields)
    {
        var start = fields.transpose(1, 2).contiguous();
        var x = start;
        List<Tensor> sums = [];
        foreach (var layer in _layers)
        {
            x = layer.forward((x.unsqueeze(3) * start.unsqueeze(2)).flatten(2));
            sums.Add(x.sum(1));
        }

        return torch.cat(sums, 1);
    }
}
