namespace RecSys.Torch;

/// <summary>How the elements of a loss become its result; the numbers are libtorch's.</summary>
public enum Reduction
{
    /// <summary>All elements.</summary>
    None = 0,

    /// <summary>Their mean.</summary>
    Mean = 1,

    /// <summary>Their sum.</summary>
    Sum = 2,
}
