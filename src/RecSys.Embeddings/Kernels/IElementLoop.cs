namespace RecSys.Embeddings.Kernels;

/// <summary>A computation on rows that treats every number alike: its body for one register of numbers.</summary>
internal interface IElementLoop
{
    /// <summary>Computes numbers <paramref name="i"/> … <paramref name="i"/> + lanes − 1.</summary>
    void Step<TLanes>(nuint i)
        where TLanes : struct, ILanes<TLanes>;
}
