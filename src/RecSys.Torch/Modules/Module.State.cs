namespace RecSys.Torch.Modules;

public abstract partial class Module
{
    /// <summary>Parameters and buffers by dotted name. The tensors stay the module's: do not dispose of them.</summary>
    public OrderedDictionary<string, Tensor> state_dict()
    {
        OrderedDictionary<string, Tensor> state = [];
        AddState("", state);
        return state;
    }

    /// <summary>Copies values into all parameters and buffers.</summary>
    /// <param name="state">Values of exactly the names and shapes of <see cref="state_dict"/>; types and devices are converted.</param>
    /// <exception cref="ArgumentException">Names are missing or unknown, or shapes differ; the message lists all of them and nothing was copied.</exception>
    public void load_state_dict(IReadOnlyDictionary<string, Tensor> state)
        => StateCopy.Copy(GetType().Name, state, state_dict());

    // In the order of PyTorch: a module's own parameters and buffers, then its children.
    private void AddState(string prefix, OrderedDictionary<string, Tensor> state)
    {
        foreach ((string name, Tensor tensor) in _parameters.Concat(_buffers))
            state.Add(prefix + name, tensor);
        foreach ((string name, Module child) in _children)
            child.AddState($"{prefix}{name}.", state);
    }
}
