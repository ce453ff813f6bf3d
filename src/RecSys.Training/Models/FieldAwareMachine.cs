using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// FFM: an id has a vector for each other field, and a pair of fields adds the dot product of the vectors that each has for the other.
/// A row holds all vectors of its id, one behind the other, so its width is (fields − 1) · dimension.
/// </summary>
/// <remarks>Juan et al., "Field-aware Factorization Machines for CTR Prediction", 2016.</remarks>
internal sealed class FieldAwareMachine : CtrModel
{
    private readonly LinearTerm _firstOrder;
    private readonly int _dimension;
    private readonly long[] _first;
    private readonly long[] _second;

    public FieldAwareMachine(ModelContext context)
        : base(context.LinearSet, context.EmbeddingSet with { Dimension = 2 * context.PairCount / context.AllPooled.Count * context.Dimension })
    {
        int fields = context.AllPooled.Count;
        _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));
        _dimension = context.Dimension;

        // The vector of field i for field j is at place j of its row, or j − 1 behind its own.
        var pairs = Enumerable.Range(0, fields).SelectMany(i => Enumerable.Range(i + 1, fields - i - 1).Select(j => (I: i, J: j))).ToList();
        _first = [.. pairs.Select(p => ((long)p.I * (fields - 1)) + p.J - 1)];
        _second = [.. pairs.Select(p => ((long)p.J * (fields - 1)) + p.I)];
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var fields = input.Sets[1].Fields;
        var vectors = fields.reshape(input.BatchSize, -1, _dimension);
        var first = vectors.index_select(1, torch.tensor(_first, device: fields.device));
        var second = vectors.index_select(1, torch.tensor(_second, device: fields.device));
        return _firstOrder.Forward(input.Sets[0].Fields, input.Numeric) + (first * second).flatten(1).sum(1);
    }
}
