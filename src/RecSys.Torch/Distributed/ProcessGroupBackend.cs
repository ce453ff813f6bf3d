namespace RecSys.Torch.Distributed;

/// <summary>What carries the numbers between the ranks of a <see cref="ProcessGroup"/>.</summary>
public enum ProcessGroupBackend
{
    /// <summary>TCP between processors. Tensors on other devices go through the memory of the processor.</summary>
    Gloo = 0,

    /// <summary>NVIDIA's library between GPUs, where libtorch has it. Each rank has one GPU, and its tensors are on it.</summary>
    Nccl = 1,
}
