using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// A gated recurrent unit over packed histories. With weights of attention the update gate is multiplied by them (AUGRU), so that a behaviour of
/// weight 0 leaves the state as it is.
/// </summary>
/// <remarks>Cho et al., 2014, with the parameters of PyTorch's <c>GRU</c>; attention: Zhou et al., "Deep Interest Evolution Network for
/// Click-Through Rate Prediction", 2019.</remarks>
internal sealed class GatedRecurrence : Module
{
    private readonly Tensor _inputWeight;
    private readonly Tensor _stateWeight;
    private readonly Tensor _inputBias;
    private readonly Tensor _stateBias;
    private readonly int _width;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Width of the behaviours.</param>
    /// <param name="width">Width of the state.</param>
    public GatedRecurrence(int inputs, int width)
    {
        _width = width;
        double bound = 1 / Math.Sqrt(width);
        _inputWeight = Parameter("weight_ih", 3 * width, inputs);
        _stateWeight = Parameter("weight_hh", 3 * width, width);
        _inputBias = Parameter("bias_ih", 3 * width);
        _stateBias = Parameter("bias_hh", 3 * width);

        Tensor Parameter(string name, params long[] shape) => register_parameter(name, torch.nn.init.uniform_(torch.empty(shape), -bound, bound));
    }

    /// <summary>Runs over the histories; the state begins as zeros.</summary>
    /// <param name="history">Their order.</param>
    /// <param name="items">Behaviours, packed, [behaviours, inputs].</param>
    /// <param name="batchSize">Samples.</param>
    /// <param name="attention">Weight of each behaviour, packed, [behaviours]; null for none.</param>
    /// <returns>The state after each behaviour, packed, [behaviours, width], and the last one of each sample, [batch, width].</returns>
    public (Tensor States, Tensor Last) Forward(PackedHistory history, Tensor items, int batchSize, Tensor? attention = null)
    {
        // The part of all gates that does not depend on the state is one product of matrices.
        var inputs = torch.nn.functional.linear(items, _inputWeight, _inputBias);
        var state = torch.zeros([batchSize, _width], inputs.dtype, inputs.device);
        List<Tensor> states = [];
        List<Tensor> ended = [];
        long start = 0;
        foreach (int count in history.Counts)
        {
            if (count < state.shape[0])
            {
                ended.Add(state.narrow(0, count, state.shape[0] - count));
                state = state.narrow(0, 0, count);
            }

            state = Step(inputs.narrow(0, start, count), state, attention?.narrow(0, start, count).unsqueeze(1));
            states.Add(state);
            start += count;
        }

        ended.Add(state);
        ended.Reverse();
        return (states.Count == 0 ? inputs.narrow(1, 0, _width) : torch.cat(states, 0), history.ToBatch(torch.cat(ended, 0)));
    }

    private Tensor Step(Tensor input, Tensor state, Tensor? attention)
    {
        var x = input.chunk(3, 1);
        var h = torch.nn.functional.linear(state, _stateWeight, _stateBias).chunk(3, 1);
        var candidate = (x[2] + ((x[0] + h[0]).sigmoid() * h[2])).tanh();
        var keep = (x[1] + h[1]).sigmoid();
        return attention is null ? candidate + (keep * (state - candidate)) : state + (attention * (1 - keep) * (candidate - state));
    }
}
