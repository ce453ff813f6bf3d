namespace RecSys.Torch;

/// <summary>Type of a tensor's elements; the numbers are libtorch's.</summary>
public enum ScalarType
{
    /// <summary>8-bit unsigned whole number.</summary>
    Byte = 0,

    /// <summary>32-bit whole number.</summary>
    Int32 = 3,

    /// <summary>64-bit whole number.</summary>
    Int64 = 4,

    /// <summary>32-bit floating-point number.</summary>
    Float32 = 6,

    /// <summary>64-bit floating-point number.</summary>
    Float64 = 7,

    /// <summary>Truth value, one byte.</summary>
    Bool = 11,

    /// <summary>16-bit floating-point number with the exponent of fp32; in memory the upper half of an fp32 number.</summary>
    BFloat16 = 15,
}
