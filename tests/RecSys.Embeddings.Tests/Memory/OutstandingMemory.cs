using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

/// <summary>Tests that count native bytes run alone: the counter belongs to the process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OutstandingMemory
{
    public const string Name = "Outstanding native memory";

    /// <summary>Bytes that <paramref name="work"/> leaves allocated.</summary>
    public static long LeftBy(Action work)
    {
        long before = NativePages.OutstandingByteCount;
        work();
        return NativePages.OutstandingByteCount - before;
    }
}
