using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>Which behaviours of a mini-batch belong to which sample, as indices for tensors.</summary>
internal sealed class HistoryIndex
{
    private readonly Device _device;
    private readonly long[] _offsets;

    /// <summary>Reads the offsets.</summary>
    /// <param name="offsets">Where each sample's behaviours start, and their number at the end; int64 [batch + 1].</param>
    public HistoryIndex(Tensor offsets)
    {
        _device = offsets.device;
        _offsets = offsets.cpu().ToArray<long>();
        Samples = Of([.. Each((sample, _) => sample)]);
    }

    /// <summary>Samples.</summary>
    public int SampleCount => _offsets.Length - 1;

    /// <summary>The sample of each behaviour, int64 [behaviours].</summary>
    public Tensor Samples { get; }

    /// <summary>Behaviours that have another after them in the same history.</summary>
    public long[] WithNext => [.. Each((sample, behaviour) => behaviour + 1 < _offsets[sample + 1] ? behaviour : -1).Where(b => b >= 0)];

    /// <summary>Behaviours of a sample.</summary>
    public int LengthOf(long sample) => (int)(_offsets[sample + 1] - _offsets[sample]);

    /// <summary>The first behaviour of a sample.</summary>
    public long FirstOf(long sample) => _offsets[sample];

    /// <summary>Numbers as a tensor where the behaviours are.</summary>
    public Tensor Of(long[] numbers) => torch.tensor(numbers, device: _device);

    /// <summary>How far each behaviour is from the candidate, which comes after the newest: 1 for that one; int64 [behaviours].</summary>
    /// <param name="largest">What is farther counts as this.</param>
    public Tensor Positions(long largest) => Of([.. Each((sample, behaviour) => Math.Min(largest, _offsets[sample + 1] - behaviour))]);

    /// <summary>The behaviours of each sample that have the highest scores, in their order.</summary>
    /// <param name="scores">[behaviours].</param>
    /// <param name="count">Most of a sample.</param>
    /// <returns>Their places, int64, and where each sample's begin among them.</returns>
    public (Tensor Places, Tensor Offsets) Highest(Tensor scores, int count)
    {
        float[] values = scores.detach().to(torch.float32).cpu().ToArray<float>();
        List<long> places = new(values.Length);
        long[] offsets = new long[_offsets.Length];
        for (int sample = 0; sample < SampleCount; sample++)
        {
            var own = Enumerable.Range((int)_offsets[sample], LengthOf(sample));
            if (LengthOf(sample) > count)
                own = own.OrderByDescending(i => values[i]).Take(count).Order();
            foreach (int place in own)
                places.Add(place);
            offsets[sample + 1] = places.Count;
        }

        return (Of([.. places]), Of(offsets));
    }

    private IEnumerable<long> Each(Func<int, long, long> number)
    {
        for (int sample = 0; sample < SampleCount; sample++)
        {
            for (long behaviour = _offsets[sample]; behaviour < _offsets[sample + 1]; behaviour++)
                yield return number(sample, behaviour);
        }
    }
}
