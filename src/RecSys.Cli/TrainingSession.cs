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
    /// <param name="workers">Who trains, this process leading; null for it alone.</param>
    /// <param name="test">Evaluates the best checkpoint on the test split.</param>
    public static RunReport Run(
        RunConfig config, string directory, bool resume, ProgressDisplay display, Action<TrainingProgress>? onEpoch = null, string? phase = null, WorkerGroup? workers = null, bool test = true)
    {
        var data = config.Dataset.Open();
        using var trainer = new Trainer(config, data, directory, workers: workers);
        RunDirectory.Prepare(directory, config, data, resume);
        workers?.Wait();
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
        var result = trainer.Run(resume, test);
        return RunReport.Create(config, data.Schema.Name, directory, result, LookupSpeed.Nanoseconds(directory, trainer.Network, data), trainer.Network.Device);
    }

    /// <summary>Trains along with the process that leads.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="directory">The run's folder, the same for all.</param>
    /// <param name="resume">Continue a run that was interrupted.</param>
    /// <param name="workers">Who trains.</param>
    /// <param name="test">As of the process that leads.</param>
    public static void Follow(RunConfig config, string directory, bool resume, WorkerGroup workers, bool test)
    {
        using var trainer = new Trainer(config, config.Dataset.Open(), directory, workers: workers);
        workers.Wait();
        trainer.Run(resume, test);
    }
}
