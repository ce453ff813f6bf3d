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
    }

    /// <summary>Samples.</summary>
    public int SampleCount => _offsets.Length - 1;

    /// <summary>Behaviours that have another after them in the same history.</summary>
    public long[] WithNext
    {
        get
        {
            List<long> behaviours = new((int)_offsets[^1]);
            for (int sample = 0; sample < SampleCount; sample++)
            {
                for (long behaviour = _offsets[sample]; behaviour < _offsets[sample + 1] - 1; behaviour++)
                    behaviours.Add(behaviour);
            }

            return [.. behaviours];
        }
    }

    /// <summary>Behaviours of a sample.</summary>
    public int LengthOf(long sample) => (int)(_offsets[sample + 1] - _offsets[sample]);

    /// <summary>The first behaviour of a sample.</summary>
    public long FirstOf(long sample) => _offsets[sample];

    /// <summary>Numbers as a tensor where the behaviours are.</summary>
    public Tensor Of(long[] numbers) => torch.tensor(numbers, device: _device);

    /// <summary>How far each behaviour is from the candidate, which comes after the newest: 1 for that one; int64 [behaviours].</summary>
    /// <param name="largest">What is farther counts as this.</param>
    public Tensor Positions(long largest)
    {
        long[] positions = new long[_offsets[^1]];
        for (int sample = 0; sample < SampleCount; sample++)
        {
            for (long behaviour = _offsets[sample]; behaviour < _offsets[sample + 1]; behaviour++)
                positions[behaviour] = Math.Min(largest, _offsets[sample + 1] - behaviour);
        }

        return Of(positions);
    }
}
