using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>Switches autocast on and back to what it was.</summary>
internal sealed class AutocastScope : IDisposable
{
    private readonly int _deviceType;
    private readonly int _enabledBefore;
    private readonly int _dtypeBefore;
    private bool _isDisposed;

    internal AutocastScope(DeviceType device, ScalarType dtype)
    {
        _deviceType = (int)device;
        NativeMethods.ThrowIfFailed(
            NativeMethods.rst_autocast_enter(_deviceType, (int)dtype, out _enabledBefore, out _dtypeBefore), "autocast");
    }

    public void Dispose()
    {
        // Nesting is counted natively: leaving twice would drop the outer scope's cached casts.
        if (_isDisposed)
            return;
        _isDisposed = true;
        NativeMethods.ThrowIfFailed(NativeMethods.rst_autocast_leave(_deviceType, _enabledBefore, _dtypeBefore), "autocast");
    }
}
