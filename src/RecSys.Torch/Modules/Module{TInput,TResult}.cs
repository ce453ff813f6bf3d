namespace RecSys.Torch.Modules;

/// <summary>A module that maps an input to a result.</summary>
/// <typeparam name="TInput">Input; a tensor or a record of several.</typeparam>
/// <typeparam name="TResult">Result.</typeparam>
public abstract class Module<TInput, TResult> : Module
{
    /// <summary>Computes the result.</summary>
    /// <param name="input">Input.</param>
    public abstract TResult forward(TInput input);

    /// <inheritdoc cref="forward"/>
    public TResult call(TInput input) => forward(input);
}
