using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>Scores the behaviours of a history by one set of embeddings and adds them up in another, with vectors of their positions in each.</summary>
internal sealed class BehaviourSearch : Module
{
    private readonly int _keyPlace;
    private readonly int _valuePlace;
    private readonly Tensor _keyPositions;
    private readonly Tensor _valuePositions;

    /// <summary>Creates the search.</summary>
    /// <param name="keyPlace">Place of the candidate among the vectors that scores are computed from.</param>
    /// <param name="keyDimension">Width of these vectors.</param>
    /// <param name="valuePlace">Place of the candidate among the vectors that are added up.</param>
    /// <param name="valueDimension">Width of these.</param>
    /// <param name="positions">Positions that are told apart.</param>
    public BehaviourSearch(int keyPlace, int keyDimension, int valuePlace, int valueDimension, int positions)
    {
        (_keyPlace, _valuePlace) = (keyPlace, valuePlace);
        _keyPositions = register_parameter("key_positions", torch.nn.init.normal_(torch.empty([positions + 1, keyDimension]), std: 0.01));
        _valuePositions = register_parameter("value_positions", torch.nn.init.normal_(torch.empty([positions + 1, valueDimension]), std: 0.01));
    }

    /// <summary>Computes the scores.</summary>
    /// <param name="keys">Vectors for the scores.</param>
    /// <param name="values">Vectors to add up.</param>
    /// <param name="history">Place of the history among the sequences of both.</param>
    public ScoredHistory Score(SetVectors keys, SetVectors values, int history)
    {
        var positions = new HistoryIndex(keys.Sequences[history].Offsets).Positions(_keyPositions.shape[0] - 1);

        // The candidate itself has position 0.
        var semantic = torch.nn.functional.segment_dot(keys.Fields.select(1, _keyPlace), keys.Sequences[history].Vectors, keys.Sequences[history].Offsets);
        var temporal = _keyPositions.matmul(_keyPositions.select(0, 0)).index_select(0, positions);
        var candidate = values.Fields.select(1, _valuePlace);
        return new ScoredHistory(
            keys.Sequences[history].Offsets,
            (semantic + temporal) * (1 / Math.Sqrt(_keyPositions.shape[1])),
            places => torch.cat([At(values.Sequences[history].Vectors, places), _valuePositions.index_select(0, At(positions, places))], 1),
            torch.cat([candidate, _valuePositions.narrow(0, 0, 1).expand(candidate.shape[0], -1)], 1));
    }

    private static Tensor At(Tensor behaviours, Tensor? places) => places is null ? behaviours : behaviours.index_select(0, places);
}
