using RecSys.Cli.Output;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli;

/// <summary>Trains one configuration and shows how it goes.</summary>
internal static class TrainingSession
{
    /// <summary>Trains to the end.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="directory">The run's folder.</param>
    /// <param name="resume">Continue a run that was interrupted.</param>
    /// <param name="display">Where progress is shown.</param>
    /// <param name="onEpoch">Receives the metrics after each epoch.</param>
    /// <param name="phase">Name of the run in the display.</param>
    public static RunReport Run(RunConfig config, string directory, bool resume, ProgressDisplay display, Action<TrainingProgress>? onEpoch = null, string? phase = null)
    {
        var data = config.Dataset.Open();
        using var trainer = new Trainer(config, data, directory);
        RunDirectory.Prepare(directory, config, data.Schema, resume);
        double? metric = null;
        trainer.Progress = progress =>
        {
            if (progress.Validation is not null)
            {
                metric = progress.Validation.Auc;
                onEpoch?.Invoke(progress);
            }

            display.Report(new ProgressUpdate($"{phase ?? "train"}, epoch {progress.Epoch}/{progress.Epochs}", progress.Samples, progress.EpochSamples, progress.SamplesPerSecond)
            {
                Loss = progress.Loss,
                Metric = metric,
            });
        };
        var result = trainer.Run(resume);
        return RunReport.Create(config, data.Schema.Name, directory, result, LookupSpeed.Nanoseconds(directory, trainer.Network, data), trainer.Network.Device);
    }
}
