namespace RecSys.Serving.Models;

/// <summary>A version that stays open while a request works on it.</summary>
/// <param name="Version">The version, held.</param>
internal readonly record struct VersionLease(ServedVersion Version) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Version.Release();
}
