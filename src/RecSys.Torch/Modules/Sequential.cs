namespace RecSys.Torch.Modules;

/// <summary>Modules one after the other, named 0, 1, 2, … Results in between are freed at once; autograd keeps what it needs.</summary>
public sealed class Sequential : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor>[] _modules;

    /// <summary>Creates the chain, which owns its modules.</summary>
    /// <param name="modules">Modules in order.</param>
    public Sequential(params IEnumerable<Module<Tensor, Tensor>> modules)
    {
        _modules = [.. modules];
        for (int i = 0; i < _modules.Length; i++)
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), _modules[i]);
    }

    /// <inheritdoc/>
    /// <param name="input">Input of the first module; returned itself when there is none.</param>
    public override Tensor forward(Tensor input)
    {
        Tensor current = input;
        foreach (Module<Tensor, Tensor> module in _modules)
        {
            Tensor next = module.forward(current);
            if (!ReferenceEquals(current, input) && !ReferenceEquals(current, next))
                current.Dispose();
            current = next;
        }

        return current;
    }
}
