using System.Text.Json;
using Orleans.Concurrency;

namespace RecSys.Orleans.Grains;

/// <summary>What is said of buckets, as a shard server says it too: JSON, so that it grows in one place.</summary>
internal static class GroupJson
{
    /// <summary>Writes a value.</summary>
    public static Immutable<byte[]> Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web).AsImmutable();

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    public static T Read<T>(byte[] json) => JsonSerializer.Deserialize<T>(json, JsonSerializerOptions.Web)!;
}
