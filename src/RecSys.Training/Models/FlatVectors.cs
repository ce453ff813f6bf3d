using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>What the first layers of a model see: the vectors of every sample side by side.</summary>
/// <param name="Values">[batch, inputs]: the fields, then other columns.</param>
/// <param name="FirstSamples">See <see cref="SetVectors"/>.</param>
/// <param name="Dimension">Columns of a field.</param>
public sealed record FlatVectors(Tensor Values, Tensor FirstSamples, long Dimension)
{
    /// <summary>Passes them through a linear layer; what a field of few ids adds is computed once per id.</summary>
    /// <param name="layer">A layer with a bias.</param>
    public Tensor Through(Linear layer)
        => torch.nn.functional.field_linear(Values, layer.weight, layer.bias!, FirstSamples, Dimension, layer is LinearReLU);
}
