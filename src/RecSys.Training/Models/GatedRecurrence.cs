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

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Width of the behaviours.</param>
    /// <param name="width">Width of the state.</param>
    public GatedRecurrence(int inputs, int width)
    {
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
    /// <param name="attention">Weight of each behaviour, packed, [behaviours]; null for none.</param>
    /// <returns>The state after each behaviour, packed, [behaviours, width].</returns>
    public Tensor Forward(PackedHistory history, Tensor items, Tensor? attention = null)
    {
        // The part of all gates that does not depend on the state is one product of matrices.
        var inputs = torch.nn.functional.linear(items, _inputWeight, _inputBias);
        return torch.nn.functional.gated_recurrence(inputs, _stateWeight, _stateBias, history.Counts, attention);
    }
}
