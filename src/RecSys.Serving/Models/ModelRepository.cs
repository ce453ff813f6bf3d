using Microsoft.Extensions.Logging;
using RecSys.Embeddings;

namespace RecSys.Serving.Models;

/// <summary>All models of a server. It looks at their folders from time to time and loads new checkpoints.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ModelRepository : IAsyncDisposable
{
    private readonly Dictionary<string, ServedModel> _models;
    private readonly ServingOptions _options;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;

    private ModelRepository(Dictionary<string, ServedModel> models, ServingOptions options, ILogger log)
    {
        _models = models;
        _options = options;
        _log = log;
        _following = Task.Run(FollowAsync);
    }

    /// <summary>The models, in the order of their names.</summary>
    public IReadOnlyList<ServedModel> Models => [.. _models.Values.OrderBy(m => m.Name, StringComparer.Ordinal)];

    /// <summary>Opens the models.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="log">Where to tell of versions.</param>
    /// <exception cref="Training.Checkpoints.CheckpointException">A run has no checkpoint, or a damaged one.</exception>
    public static async Task<ModelRepository> OpenAsync(ServingOptions options, ILogger log)
    {
        var models = options.Models.ToDictionary(m => m.Key, m => new ServedModel(m.Key, m.Value, options), StringComparer.Ordinal);
        try
        {
            foreach (var model in models.Values)
                ServingLog.Loaded(log, model.Name, (await model.LoadAsync(version: null).ConfigureAwait(false)).Version);
            return new ModelRepository(models, options, log);
        }
        catch
        {
            foreach (var model in models.Values)
                model.Dispose();
            throw;
        }
    }

    /// <summary>Finds a model.</summary>
    /// <param name="name">Its name; null where there is only one.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">There is none, or there are several.</exception>
    public ServedModel Find(string? name)
    {
        if (name is null)
            return _models.Count == 1 ? _models.Values.First() : throw Refusal.Invalid($"model: which one is not said; valid: {string.Join(", ", _models.Keys)}.");
        return _models.TryGetValue(name, out var model)
            ? model
            : throw Refusal.NotFound($"model: there is no model '{name}'; {NearestName.Hint(name, _models.Keys)}valid: {string.Join(", ", _models.Keys)}.");
    }

    /// <summary>Holds a version of a model.</summary>
    /// <inheritdoc cref="Find"/>
    public VersionLease Hold(string? name, string? version) => Find(name).Hold(version);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var model in _models.Values)
            model.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(_options.FollowInterval, _options.Time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            foreach (var model in _models.Values)
                await FollowAsync(model).ConfigureAwait(false);
        }
    }

    // Whatever is wrong with a new checkpoint, the old one goes on answering; before the first there is none.
    private async Task FollowAsync(ServedModel model)
    {
        try
        {
            await model.VerifyAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ServingLog.Damaged(_log, e, model.Name);
        }

        try
        {
            if (await model.FollowAsync().ConfigureAwait(false) is { } version)
                ServingLog.Loaded(_log, model.Name, version.Version);
        }
        catch (Exception e)
        {
            ServingLog.NotLoaded(_log, e, model.Name);
        }
    }
}
