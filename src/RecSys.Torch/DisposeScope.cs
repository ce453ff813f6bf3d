namespace RecSys.Torch;

/// <summary>
/// Frees the tensors made in it, at its end, except those that moved out. A training step in a scope leaves nothing behind.
/// Scopes nest, belong to one thread, and end in the reverse order of their beginning. Parameters and buffers of modules
/// and states of optimisers are in no scope.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? s_current;

    private readonly List<Tensor> _tensors = [];
    private readonly DisposeScope? _outer;
    private bool _isDisposed;

    internal DisposeScope()
    {
        _outer = s_current;
        s_current = this;
    }

    /// <summary>The innermost scope of this thread.</summary>
    internal static DisposeScope? Current => s_current;

    /// <summary>Moves a tensor of this scope to the scope around it; without one, the caller has to dispose of it.</summary>
    /// <param name="tensor">Tensor made in this scope.</param>
    /// <returns>The tensor.</returns>
    public Tensor MoveToOuter(Tensor tensor)
    {
        if (tensor.Scope == this)
            Move(tensor, _outer);
        return tensor;
    }

    /// <summary>Ends the scope and frees its tensors.</summary>
    /// <exception cref="InvalidOperationException">An inner scope has not ended, or this is another thread.</exception>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        if (s_current != this)
            throw new InvalidOperationException("A dispose scope ends on its own thread and after the scopes within it.");
        _isDisposed = true;
        s_current = _outer;
        foreach (Tensor tensor in _tensors)
        {
            if (tensor.Scope == this)
                tensor.Dispose();
        }
    }

    /// <summary>Puts a tensor into a scope, or in none. Its entry in the scope before stays and is passed over at the end.</summary>
    internal static void Move(Tensor tensor, DisposeScope? scope)
    {
        tensor.Scope = scope;
        scope?._tensors.Add(tensor);
    }

}
