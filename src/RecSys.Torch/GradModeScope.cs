using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>Switches the recording of gradients and switches back.</summary>
internal sealed class GradModeScope : IDisposable
{
    private readonly int _before = NativeMethods.rst_get_grad_enabled();

    internal GradModeScope(bool isEnabled) => NativeMethods.rst_set_grad_enabled(isEnabled ? 1 : 0);

    public void Dispose() => NativeMethods.rst_set_grad_enabled(_before);
}
