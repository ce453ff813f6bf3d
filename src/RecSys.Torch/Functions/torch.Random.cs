using RecSys.Torch.Interop;

namespace RecSys.Torch;

public static partial class torch
{
    private static readonly Operator s_rand = new("aten::rand");
    private static readonly Operator s_randn = new("aten::randn");
    private static readonly Operator s_randint = new("aten::randint.low");
    private static readonly Operator s_randperm = new("aten::randperm");

    /// <summary>Seeds the default generators of all devices.</summary>
    /// <param name="seed">Any number.</param>
    public static void manual_seed(long seed)
        => NativeMethods.ThrowIfFailed(NativeMethods.rst_manual_seed(unchecked((ulong)seed)), "manual_seed");

    /// <summary>State of a device's default generator, as bytes: for checkpoints.</summary>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor get_rng_state(Device? device = null)
    {
        NativeMethods.ThrowIfFailed(NativeMethods.rst_get_rng_state((device ?? CPU).Code, out nint state), "get_rng_state");
        return new Tensor(new TensorHandle(state));
    }

    /// <summary>Puts a device's default generator back into a state of <see cref="get_rng_state"/>.</summary>
    /// <param name="state">Bytes, on the processor.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static void set_rng_state(Tensor state, Device? device = null)
    {
        int status = NativeMethods.rst_set_rng_state((device ?? CPU).Code, state.Handle.Pointer);
        GC.KeepAlive(state);
        NativeMethods.ThrowIfFailed(status, "set_rng_state");
    }

    /// <summary>Random numbers, uniform in [0, 1).</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">A floating type.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor rand(long[] shape, ScalarType dtype = float32, Device? device = null)
        => s_rand.Call(shape, dtype, Argument.None, device);

    /// <summary>Random numbers of the standard normal distribution.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">A floating type.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor randn(long[] shape, ScalarType dtype = float32, Device? device = null)
        => s_randn.Call(shape, dtype, Argument.None, device);

    /// <summary>Random whole numbers, uniform in [low, high).</summary>
    /// <param name="low">Smallest.</param>
    /// <param name="high">Largest, excluded.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="dtype">Type.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor randint(long low, long high, long[] shape, ScalarType dtype = int64, Device? device = null)
        => s_randint.Call(low, high, shape, dtype, Argument.None, device);

    /// <summary>The numbers 0 … count − 1 in random order.</summary>
    /// <param name="count">Number of numbers.</param>
    /// <param name="device">Device; the processor when absent.</param>
    public static Tensor randperm(long count, Device? device = null)
        => s_randperm.Call(count, int64, Argument.None, device);
}
