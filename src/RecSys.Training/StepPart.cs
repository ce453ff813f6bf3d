namespace RecSys.Training;

/// <summary>Where the time of a training step goes, in the order of a step.</summary>
public enum StepPart
{
    /// <summary>Filling the batch, ahead of its step on the reader's thread.</summary>
    Read,

    /// <summary>Turning ids into distinct rows, ahead of the step on the reader's thread.</summary>
    Plan,

    /// <summary>Waiting for the next batch.</summary>
    Wait,

    /// <summary>Reading the distinct rows.</summary>
    Gather,

    /// <summary>Combining rows into vectors.</summary>
    Combine,

    /// <summary>The model and the loss.</summary>
    Forward,

    /// <summary>Gradients of the dense parameters and of the vectors.</summary>
    Backward,

    /// <summary>Summing the gradients of every distinct row.</summary>
    Coalesce,

    /// <summary>The sparse optimiser.</summary>
    UpdateRows,

    /// <summary>The optimiser of the dense parameters.</summary>
    UpdateDense,
}
