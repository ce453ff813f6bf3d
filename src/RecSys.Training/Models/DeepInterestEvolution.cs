using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// DIEN: a recurrent layer turns each history into states, a second one, whose update gate is multiplied by the attention of the candidate to
/// them, into one vector. While training, each state has to tell the next behaviour from one of another place of the mini-batch
/// (<c>auxiliary_weight</c>, 0 for not).
/// </summary>
/// <remarks>Zhou et al., "Deep Interest Evolution Network for Click-Through Rate Prediction", 2019. As in the paper, the gate is u·a; the
/// authors' code has another one.</remarks>
internal sealed class DeepInterestEvolution : CtrModel
{
    private readonly List<Evolution> _histories = [];
    private readonly Mlp _dnn;
    private readonly double _auxiliaryWeight;

    public DeepInterestEvolution(ModelContext context)
        : base(context.HistorySet)
    {
        _auxiliaryWeight = context.Options.Double("auxiliary_weight", 1, minimum: 0);
        var units = context.Options.Int32List("auxiliary_units", [100, 50]);
        foreach ((var history, int place) in context.Histories.Zip(context.CandidatePlaces))
            _histories.Add(register_module($"evolution_{history.Name}", new Evolution(place, context.Dimension, _auxiliaryWeight > 0 ? units : null)));
        _dnn = register_module("dnn", new Mlp(context.HistoryWidth(context.Dimension), MlpOptions.Read(context.Options, "hidden_units", [200, 80], "dice")));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0];
        var interests = _histories.Select((h, i) => h.Forward(vectors.Fields, vectors.Sequences[i], input.Labels is not null)).ToList();
        var logits = _dnn.Forward(vectors.Flatten(vectors.Fields, [.. interests.Select(i => i.Interest), input.Numeric]).Through).squeeze(1);
        var losses = interests.Select(i => i.Loss).OfType<Tensor>().ToList();
        return new ModelOutput(logits, losses.Count == 0 ? null : losses.Aggregate((a, b) => a + b) * _auxiliaryWeight);
    }

    private sealed class Evolution : Module
    {
        private readonly int _place;
        private readonly GatedRecurrence _extractor;
        private readonly GatedRecurrence _evolution;
        private readonly Linear _attention;
        private readonly Mlp? _auxiliary;

        public Evolution(int place, int dimension, IReadOnlyList<int>? auxiliaryUnits)
        {
            _place = place;
            _extractor = register_module("extractor", new GatedRecurrence(dimension, dimension));
            _evolution = register_module("evolution", new GatedRecurrence(dimension, dimension));
            _attention = register_module("attention", torch.nn.Linear(dimension, dimension, hasBias: false));
            if (auxiliaryUnits is not null)
                _auxiliary = register_module("auxiliary", new Mlp(2 * dimension, new MlpOptions(auxiliaryUnits, "sigmoid", 0, false)));
        }

        public (Tensor Interest, Tensor? Loss) Forward(Tensor fields, SequenceVectors history, bool training)
        {
            var index = new HistoryIndex(history.Offsets);
            var packed = new PackedHistory(index);
            var packedStates = _extractor.Forward(packed, history.Vectors.index_select(0, packed.Order));
            var states = packedStates.index_select(0, packed.Inverse);
            var scores = torch.nn.functional.segment_dot(_attention.forward(fields.select(1, _place)), states, history.Offsets);
            var weights = torch.nn.functional.segment_softmax(scores, history.Offsets);
            var interest = packed.Last(_evolution.Forward(packed, packedStates, weights.index_select(0, packed.Order)));
            return (interest, training && _auxiliary is not null ? Loss(index, states, history.Vectors) : null);
        }

        // Batches are shuffled, so half of them away is another user's behaviour.
        private Tensor? Loss(HistoryIndex index, Tensor states, Tensor items)
        {
            long[] now = index.WithNext;
            if (now.Length < 2)
                return null;
            long[] next = [.. now.Select(i => i + 1)];
            long[] other = [.. next.Skip(next.Length / 2), .. next.Take(next.Length / 2)];
            var state = states.index_select(0, index.Of(now));
            return Entropy(next, torch.ones([now.Length], states.dtype, states.device)) + Entropy(other, torch.zeros([now.Length], states.dtype, states.device));

            Tensor Entropy(long[] behaviours, Tensor isNext)
            {
                var logits = _auxiliary!.forward(torch.cat([state, items.index_select(0, index.Of(behaviours))], 1)).squeeze(1);
                return torch.nn.functional.binary_cross_entropy_with_logits(logits, isNext);
            }
        }
    }
}
