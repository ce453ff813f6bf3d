using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Layout of <c>rst_tensor_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct TensorInfo
{
    internal readonly long ElementCount;
    internal readonly int DimensionCount;
    internal readonly int DType;
    internal readonly int Device;
    internal readonly byte RequiresGrad;
    internal readonly byte IsContiguous;
    internal readonly byte IsLeaf;
    internal readonly byte ElementSize;
}
