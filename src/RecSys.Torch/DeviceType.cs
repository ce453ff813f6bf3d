namespace RecSys.Torch;

/// <summary>Kind of a device; the numbers are libtorch's.</summary>
public enum DeviceType
{
    /// <summary>Processor.</summary>
    CPU = 0,

    /// <summary>NVIDIA accelerator.</summary>
    CUDA = 1,
}
