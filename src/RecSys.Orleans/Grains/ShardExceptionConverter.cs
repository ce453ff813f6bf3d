using Orleans;
using RecSys.Cluster;

namespace RecSys.Orleans.Grains;

/// <summary>Sends <see cref="ShardException"/>.</summary>
[RegisterConverter]
internal sealed class ShardExceptionConverter : IConverter<ShardException, ShardExceptionSurrogate>
{
    /// <inheritdoc/>
    public ShardException ConvertFromSurrogate(in ShardExceptionSurrogate surrogate) => new(surrogate.Kind, surrogate.Message);

    /// <inheritdoc/>
    public ShardExceptionSurrogate ConvertToSurrogate(in ShardException value) => new(value.Kind, value.Message);
}
