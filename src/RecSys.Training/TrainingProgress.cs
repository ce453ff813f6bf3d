namespace RecSys.Training;

/// <summary>A moment of a training run, for displays and logs.</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Epochs">Largest number of epochs.</param>
/// <param name="Step">Steps done in the run.</param>
/// <param name="Samples">Samples of this epoch done.</param>
/// <param name="EpochSamples">Samples of an epoch.</param>
/// <param name="SamplesPerSecond">Training speed so far; NaN while warming up.</param>
/// <param name="Loss">Mean training loss of this epoch so far.</param>
/// <param name="Validation">Metrics on the validation split; only at the end of an epoch.</param>
public sealed record TrainingProgress(
    int Epoch,
    int Epochs,
    long Step,
    long Samples,
    long EpochSamples,
    double SamplesPerSecond,
    double Loss,
    EvaluationResult? Validation);
