namespace RecSys.Training.Checkpoints;

/// <summary>Where a run stands: enough to continue with the same numbers as an uninterrupted run.</summary>
public sealed record TrainingState
{
    /// <summary>Optimiser steps done; the change from one phase to the next counts as one.</summary>
    public long Step { get; init; }

    /// <summary>Phase of the methods that the next step belongs to, from 0.</summary>
    public int Phase { get; init; }

    /// <summary>Steps done before that phase.</summary>
    public long PhaseStart { get; init; }

    /// <summary>Bytes of the embeddings while training in the phase that needed most so far.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Bytes of the embeddings in a checkpoint of the phase that needed most so far.</summary>
    public long PeakDiskBytes { get; init; }

    /// <summary>Epoch of the phase that the next step belongs to, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of that epoch already done.</summary>
    public long StepInEpoch { get; init; }

    /// <summary>Sum of the losses of those steps.</summary>
    public double LossSum { get; init; }

    /// <summary>Step of the checkpoint with the best validation metric of the phase so far; −1 before the first evaluation.</summary>
    public long BestStep { get; init; } = -1;

    /// <summary>The best validation metric of the phase so far.</summary>
    public double BestMetric { get; init; } = double.NaN;

    /// <summary>Evaluations in a row without a better metric.</summary>
    public int EvaluationsWithoutGain { get; init; }

    /// <summary>True when the phase has ended: all epochs done or stopped early.</summary>
    public bool Finished { get; init; }
}
