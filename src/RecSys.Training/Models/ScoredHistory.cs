using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>The behaviours of a mini-batch with their scores.</summary>
/// <param name="Offsets">Where each sample's start, int64 [batch + 1].</param>
/// <param name="Scores">[behaviours].</param>
/// <param name="Values">What is added up, [behaviours, width], of the behaviours at some places; null for all.</param>
/// <param name="Candidate">The same of the candidates, [batch, width].</param>
internal sealed record ScoredHistory(Tensor Offsets, Tensor Scores, Func<Tensor?, Tensor> Values, Tensor Candidate)
{
    /// <summary>The sum of the behaviours by the softmax of their scores, [batch, width].</summary>
    /// <param name="count">Behaviours with the highest scores that are kept of a sample; 0 for all. No gradient runs through the choice.</param>
    public Tensor Sum(int count)
    {
        (var places, var offsets) = count > 0 ? torch.nn.functional.segment_topk(Scores, Offsets, count) : (null, Offsets);
        var scores = places is null ? Scores : Scores.index_select(0, places);
        return torch.nn.functional.weighted_segment_sum(torch.nn.functional.segment_softmax(scores, offsets), Values(places), offsets);
    }
}
