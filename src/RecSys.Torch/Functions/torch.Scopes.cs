using RecSys.Torch.Interop;

namespace RecSys.Torch;

public static partial class torch
{
    /// <summary>Operations of this thread are not recorded for gradients until the scope is disposed.</summary>
    public static IDisposable no_grad() => new GradModeScope(isEnabled: false);

    /// <summary>Operations of this thread are recorded for gradients until the scope is disposed.</summary>
    public static IDisposable enable_grad() => new GradModeScope(isEnabled: true);

    /// <summary>True when operations of this thread are recorded for gradients.</summary>
    public static bool is_grad_enabled() => NativeMethods.rst_get_grad_enabled() != 0;

    /// <summary>
    /// Matrix products of this thread run in a narrower type until the scope is disposed; weights stay as they are and
    /// are converted once a scope. Run the forward pass and the loss in it, the backward pass outside.
    /// </summary>
    /// <param name="dtype">Narrower type.</param>
    /// <param name="device">Device whose operators are switched; the processor when absent.</param>
    public static IDisposable autocast(ScalarType dtype = bfloat16, Device? device = null)
        => new AutocastScope((device ?? CPU).Type, dtype);

    /// <summary>Tensors made on this thread from now on are freed when the scope is disposed, unless moved out.</summary>
    public static DisposeScope NewDisposeScope() => new();
}
