using RecSys.Embeddings;
using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// DARE: behaviours are weighted by one set of embeddings (<c>attention</c>) and added up in another, so that neither gets in the way of the other's
/// gradients; the former may be narrower (<c>attention_dimension</c>). The score of a behaviour is the dot product of its vector with the candidate's
/// and of its position's with that of the candidate; the <c>search</c> behaviours with the highest scores are kept (0: all), and their
/// weights are the softmax of the scores. What is added up meets the candidate's vector number by number.
/// </summary>
/// <remarks>Feng et al., "Long-Sequence Recommendation Models Need Decoupled Embeddings", ICLR 2025. Positions count from the newest
/// behaviour, which has 1; that of the candidate is 0.</remarks>
internal sealed class DecoupledAttention : CtrModel
{
    private const int DefaultPositions = 200;

    private readonly List<BehaviourSearch> _histories = [];
    private readonly Mlp _dnn;
    private readonly Mlp? _auxiliary;
    private readonly double _auxiliaryWeight;
    private readonly int _kept;

    public DecoupledAttention(ModelContext context)
        : base(KeySet(context), context.HistorySet)
    {
        var options = context.Options;
        _kept = options.Int32("search", 20, minimum: 0);
        _auxiliaryWeight = options.Double("auxiliary_weight", 1, minimum: 0);
        foreach ((var history, int place) in context.Histories.Zip(context.CandidatePlaces))
        {
            int longest = context.Schema.Features.Single(f => f.Name == history.Name).MaxLength;
            int positions = options.Int32("positions", longest > 0 ? longest : DefaultPositions, minimum: 1);
            int keyPlace = Candidates(context).IndexOf(history.Candidate);
            _histories.Add(register_module($"search_{history.Name}", new BehaviourSearch(keyPlace, Sets[0].Dimension, place, context.Dimension, positions)));
        }

        // Of a history: the sum of vectors and positions, and its product with the candidate.
        int inputs = context.HistoryWidth(4 * context.Dimension);
        _dnn = register_module("dnn", new Mlp(inputs, MlpOptions.Read(options, "hidden_units", [200, 80], "prelu")));
        if (_auxiliaryWeight > 0)
            _auxiliary = register_module("auxiliary", new Mlp(inputs, new MlpOptions(options.Int32List("auxiliary_units", [200]), "prelu", 0, false)));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        List<ScoredHistory> scored = [.. _histories.Select((h, i) => h.Score(input.Sets[0], input.Sets[1], i))];
        var logits = Logits(_dnn, input, scored, _kept);
        if (_auxiliary is null || input.Labels is null)
            return logits;

        // The same with all behaviours, since those that are not found would not learn.
        var all = Logits(_auxiliary, input, scored, kept: 0);
        return new ModelOutput(logits, torch.nn.functional.binary_cross_entropy_with_logits(all, input.Labels) * _auxiliaryWeight);
    }

    private static Tensor Logits(Mlp network, ModelInput input, List<ScoredHistory> histories, int kept)
    {
        List<Tensor?> columns = [];
        foreach (var history in histories)
        {
            var sum = history.Sum(kept);
            columns.AddRange([sum, sum * history.Candidate]);
        }

        var vectors = input.Sets[1];
        return network.Forward(vectors.Flatten(vectors.Fields, [.. columns, input.Numeric]).Through).squeeze(1);
    }

    private static int[] Candidates(ModelContext context) => [.. context.Histories.Select(h => h.Candidate).Distinct()];

    private static SetRequest KeySet(ModelContext context) => new(
        "attention",
        context.Options.Int32("attention_dimension", context.Dimension, minimum: 1),
        [.. Candidates(context).Select(f => new PooledFeature(f, Pooling.Mean)), .. context.Histories.Select(h => new PooledFeature(h.Feature, Pooling.None))]);
}
