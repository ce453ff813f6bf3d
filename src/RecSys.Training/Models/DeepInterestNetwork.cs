using RecSys.Data.Configuration;
using RecSys.Embeddings;
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
        : base(CreateSet(context))
    {
        var features = context.Schema.EmbeddingFeatures;
        var set = Sets[0].Features;
        var plain = set.Where(f => f.Pooling != Pooling.None).ToList();
        var attention = MlpOptions.Read(context.Options, "attention_hidden_units", [80, 40], "dice") with { BatchNorm = false, Dropout = 0 };
        foreach (var history in set.Where(f => f.Pooling == Pooling.None))
        {
            // The candidate of a history is the single-id feature of the same vocabulary.
            int place = plain.FindIndex(f => features[f.Feature].IsSingle && features[f.Feature].Field == features[history.Feature].Field);
            string name = $"attention_{features[history.Feature].Name}";
            _histories.Add((place, register_module(name, new Mlp(4 * context.Dimension, attention))));
        }

        _softmax = context.Options.Boolean("attention_softmax", false);
        int inputs = (set.Count * context.Dimension) + context.Schema.NumericCount;
        _dnn = register_module("dnn", new Mlp(inputs, MlpOptions.Read(context.Options, "hidden_units", [400, 400, 400], "dice")));
    }

    public override Tensor Forward(ModelInput input)
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

    private static SetRequest CreateSet(ModelContext context)
    {
        var features = context.Schema.EmbeddingFeatures;
        var set = features.Select((feature, f) => new PooledFeature(f, IsHistory(context, f) ? Pooling.None : Pooling.Mean)).ToList();
        if (set.All(f => f.Pooling != Pooling.None))
            throw context.Options.Error("name", "model 'din' needs a sequence feature whose field is also looked up by a single-id feature (the candidate); this data set has none");
        return new SetRequest("embedding", context.Dimension, set);
    }

    private static bool IsHistory(ModelContext context, int feature)
    {
        var features = context.Schema.EmbeddingFeatures;
        return context.Schema.Features.Any(f => f.Name == features[feature].Name && f.Kind == Data.FeatureKind.Sequence)
            && features.Any(f => f.IsSingle && f.Field == features[feature].Field);
    }
}
