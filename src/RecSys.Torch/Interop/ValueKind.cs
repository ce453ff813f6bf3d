namespace RecSys.Torch.Interop;

/// <summary>Values of <c>rst_kind</c>.</summary>
internal enum ValueKind
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    String = 5,
    Device = 6,
    Tensors = 7,
    OptionalTensors = 8,
    Ints = 9,
    Doubles = 10,
    Scalars = 11,
}
