namespace RecSys.Torch.Modules;

/// <summary>Zeroes elements at random while training and scales the others by 1/(1 − p); does nothing in evaluation.</summary>
/// <remarks>Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.</remarks>
public sealed class Dropout : Module<Tensor, Tensor>
{
    private readonly double _probability;

    /// <summary>Creates the module.</summary>
    /// <param name="p">Probability of zero, 0 … 1.</param>
    public Dropout(double p = 0.5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(p, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(p, 1);
        _probability = p;
    }

    /// <inheritdoc/>
    /// <param name="input">Any shape.</param>
    public override Tensor forward(Tensor input) => torch.nn.functional.dropout(input, _probability, training);
}
