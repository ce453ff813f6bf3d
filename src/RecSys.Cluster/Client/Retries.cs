namespace RecSys.Cluster.Client;

/// <summary>Sends again what may be sent again, while a node cannot be reached, is stopping or has too much to do.</summary>
/// <param name="time">For how long.</param>
/// <param name="clock">Clock.</param>
/// <param name="kinds">Further refusals that pass over.</param>
internal sealed class Retries(TimeSpan time, TimeProvider clock, params ShardErrorKind[] kinds)
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);

    /// <summary>Calls until it succeeds, is refused for good, or the time is over.</summary>
    /// <param name="call">A call that has the same effect however often it is made.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellation = default)
    {
        long started = clock.GetTimestamp();
        for (var wait = s_firstWait; ; wait = TimeSpan.FromTicks(Math.Min(2 * wait.Ticks, s_longestWait.Ticks)))
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (Exception e) when (PassesOver(e) && clock.GetElapsedTime(started) + wait <= time)
            {
                await Task.Delay(wait, clock, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<Task> call, CancellationToken cancellation = default) => RunAsync(
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        cancellation);

    private bool PassesOver(Exception error)
        => error is IOException or ShardException { Kind: ShardErrorKind.Overloaded or ShardErrorKind.Unavailable } || (error is ShardException refused && kinds.Contains(refused.Kind));
}
