using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// Attention over the history: each behaviour is weighted by a small network of (candidate, behaviour, difference, product),
/// and the weighted sum joins the other vectors. Weights are not normalised unless <c>attention_softmax</c> is set.
/// </summary>
/// <remarks>Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", 2018. Only existing behaviours are computed:
/// there is no padding to mask.</remarks>
internal sealed class DeepInterestNetwork : CtrModel
{
    private readonly List<(int Place, Mlp Attention)> _histories = [];
    private readonly Mlp _dnn;
    private readonly bool _softmax;

    public DeepInterestNetwork(ModelContext context)
        : base(context.HistorySet)
    {
        var attention = MlpOptions.Read(context.Options, "attention_hidden_units", [80, 40], "dice") with { BatchNorm = false, LayerNorm = false, Dropout = 0 };
        foreach ((var history, int place) in context.Histories.Zip(context.CandidatePlaces))
            _histories.Add((place, register_module($"attention_{history.Name}", new Mlp(4 * context.Dimension, attention))));
        _softmax = context.Options.Boolean("attention_softmax", false);
        _dnn = register_module("dnn", new Mlp(context.HistoryWidth(context.Dimension), MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "dice")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0];
        var interests = _histories.Select((h, i) => Attend(h.Attention, vectors.Fields.select(1, h.Place), vectors.Sequences[i]));
        return _dnn.Forward(vectors.Flatten(vectors.Fields, [.. interests, input.Numeric]).Through).squeeze(1);
    }

    // [batch, dimension] candidates and [ids, dimension] behaviours → [batch, dimension]
    private Tensor Attend(Mlp attention, Tensor candidate, SequenceVectors history)
    {
        var weights = attention.Forward(first => torch.nn.functional.attention_linear(candidate, history.Vectors, history.Offsets, first.weight, first.bias!)).squeeze(1);
        if (_softmax)
            weights = torch.nn.functional.segment_softmax(weights, history.Offsets);
        return torch.nn.functional.weighted_segment_sum(weights, history.Vectors, history.Offsets);
    }
}
