using RecSys.Torch.Interop;

namespace RecSys.Torch.Modules;

/// <summary>
/// A part of a model: named parameters, buffers and sub-modules, which it owns. Everything is registered by name, and the
/// dotted names are those of PyTorch, so that its checkpoints can be exchanged. Not thread-safe.
/// </summary>
public abstract partial class Module : IDisposable
{
    private readonly OrderedDictionary<string, Tensor> _parameters = [];
    private readonly OrderedDictionary<string, Tensor> _buffers = [];
    private readonly OrderedDictionary<string, Module> _children = [];

    /// <summary>True while training: dropout drops and batch normalisation uses the batch's statistics.</summary>
    public bool training { get; private set; } = true;

    /// <summary>Sets the module and everything in it to training.</summary>
    /// <param name="mode">False for evaluation.</param>
    public void train(bool mode = true)
    {
        training = mode;
        foreach (Module child in _children.Values)
            child.train(mode);
    }

    /// <summary>Sets the module and everything in it to evaluation.</summary>
    public void eval() => train(false);

    /// <summary>Parameters of this module and everything in it.</summary>
    public IEnumerable<Tensor> parameters() => named_parameters().Select(entry => entry.parameter);

    /// <summary>Parameters of this module and everything in it, with dotted names, in the order of registration.</summary>
    public IEnumerable<(string name, Tensor parameter)> named_parameters() => Named("", module => module._parameters);

    /// <summary>Buffers (tensors that are saved but not trained), with dotted names.</summary>
    public IEnumerable<(string name, Tensor buffer)> named_buffers() => Named("", module => module._buffers);

    /// <summary>Direct sub-modules with their names.</summary>
    public IEnumerable<(string name, Module module)> named_children() => _children.Select(child => (child.Key, child.Value));

    /// <summary>Removes or zeroes the gradients of all parameters.</summary>
    /// <param name="set_to_none">Removes them: the next backward pass writes instead of adding.</param>
    public void zero_grad(bool set_to_none = true) => Autograd.ClearGradients([.. parameters()], set_to_none);

    /// <summary>Moves parameters and buffers; optimisers made before keep their states where they are, so make them after.</summary>
    /// <param name="device">Device.</param>
    public void to(Device device) => Convert(tensor => tensor.to(device));

    /// <summary>Converts parameters and buffers of floating types.</summary>
    /// <param name="dtype">A floating type.</param>
    public void to(ScalarType dtype)
        => Convert(tensor => tensor.dtype is ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16 ? tensor.to(dtype) : tensor);

    /// <summary>Frees parameters, buffers and sub-modules.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the module owns beside its registered parts; call the base method.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (Tensor tensor in _parameters.Values.Concat(_buffers.Values))
            tensor.Dispose();
        foreach (Module child in _children.Values)
            child.Dispose();
    }

    /// <summary>Adds a trained tensor; it gets gradients and leaves its dispose scope.</summary>
    /// <param name="name">Unique name in this module, without dots.</param>
    /// <param name="parameter">First values.</param>
    /// <returns>The parameter.</returns>
    protected Tensor register_parameter(string name, Tensor parameter)
    {
        CheckName(name);
        _parameters.Add(name, parameter.DetachFromDisposeScope().requires_grad_());
        return parameter;
    }

    /// <summary>Adds a tensor that is saved but not trained; it leaves its dispose scope.</summary>
    /// <param name="name">Unique name in this module, without dots.</param>
    /// <param name="buffer">First values.</param>
    /// <returns>The buffer.</returns>
    protected Tensor register_buffer(string name, Tensor buffer)
    {
        CheckName(name);
        _buffers.Add(name, buffer.DetachFromDisposeScope());
        return buffer;
    }

    /// <summary>Adds a sub-module, which this module then owns.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Unique name in this module, without dots.</param>
    /// <param name="module">Sub-module.</param>
    /// <returns>The sub-module.</returns>
    protected T register_module<T>(string name, T module)
        where T : Module
    {
        CheckName(name);
        _children.Add(name, module);
        return module;
    }

    private void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('.', StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' contains a dot; dots separate modules in full names.", nameof(name));
        if (_parameters.ContainsKey(name) || _buffers.ContainsKey(name) || _children.ContainsKey(name))
            throw new ArgumentException($"'{name}' is registered already in {GetType().Name}.", nameof(name));
    }

    private IEnumerable<(string, Tensor)> Named(string prefix, Func<Module, OrderedDictionary<string, Tensor>> part)
        => part(this).Select(entry => (prefix + entry.Key, entry.Value))
            .Concat(_children.SelectMany(child => child.Value.Named($"{prefix}{child.Key}.", part)));

    private void Convert(Func<Tensor, Tensor> convert)
    {
        using IDisposable noGrad = torch.no_grad();
        foreach (Tensor tensor in named_parameters().Concat(named_buffers()).Select(entry => entry.Item2))
        {
            using Tensor source = tensor.detach();
            Tensor converted = convert(source);
            if (!ReferenceEquals(converted, source))
                tensor.TakeOver(converted.requires_grad_(tensor.requires_grad));
        }
    }
}
