using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>
/// An n-dimensional array of libtorch with gradients. Names follow PyTorch's; a name that ends in an underscore changes the
/// tensor itself and returns it. Operators make new tensors, which belong to the innermost <see cref="DisposeScope"/> of the
/// thread, or else to the caller.
/// </summary>
/// <remarks>
/// Reading from several threads is safe; disposing of a tensor while another thread uses it is not. Shapes that do not fit
/// and the like are <see cref="TorchException"/>s that start with the operator's name.
/// </remarks>
public sealed partial class Tensor : IDisposable
{
    internal Tensor(TensorHandle handle)
    {
        Handle = handle;
        DisposeScope.Move(this, DisposeScope.Current);
    }

    /// <summary>Number of elements.</summary>
    public long numel => Handle.Info().ElementCount;

    /// <summary>Number of dimensions.</summary>
    public int dim => Handle.Info().DimensionCount;

    /// <summary>Size of every dimension.</summary>
    public long[] shape => Handle.Sizes();

    /// <summary>Type of the elements.</summary>
    public ScalarType dtype => (ScalarType)Handle.Info().DType;

    /// <summary>Where the elements are.</summary>
    public Device device => Device.FromCode(Handle.Info().Device);

    /// <summary>True when the elements lie one after the other in memory, last dimension first.</summary>
    public bool is_contiguous => Handle.Info().IsContiguous != 0;

    /// <summary>True after <see cref="Dispose"/>.</summary>
    public bool IsDisposed => Handle.IsClosed;

    /// <summary>Tensors of this process that are held and not yet freed: for tests that nothing leaks.</summary>
    public static long LiveCount => NativeMethods.rst_tensor_live_count();

    internal TensorHandle Handle { get; private set; }

    /// <summary>The scope that frees this tensor; null when its holder does.</summary>
    internal DisposeScope? Scope { get; set; }

    /// <summary>Size of one dimension.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public long size(int dimension)
    {
        long[] sizes = shape;
        return sizes[dimension < 0 ? sizes.Length + dimension : dimension];
    }

    /// <summary>Frees this reference; the memory goes when the last reference, autograd's included, is gone.</summary>
    public void Dispose() => Handle.Dispose();

    /// <summary>Moves the tensor to the scope around its own; without one the caller has to dispose of it.</summary>
    /// <returns>The tensor.</returns>
    public Tensor MoveToOuterDisposeScope() => Scope is { } scope ? scope.MoveToOuter(this) : this;

    /// <summary>Takes the tensor out of all scopes: the caller has to dispose of it.</summary>
    /// <returns>The tensor.</returns>
    public Tensor DetachFromDisposeScope()
    {
        DisposeScope.Move(this, null);
        return this;
    }

    /// <summary>Type, shape and device; not the elements.</summary>
    public override string ToString()
        => IsDisposed ? "disposed tensor" : $"tensor [{string.Join(", ", shape)}] {dtype} {device}";

    /// <summary>Makes this object hold what another one holds, and empties the other: parameters keep their identity when they move.</summary>
    internal void TakeOver(Tensor other)
    {
        (Handle, other.Handle) = (other.Handle, Handle);
        other.Dispose();
    }
}
