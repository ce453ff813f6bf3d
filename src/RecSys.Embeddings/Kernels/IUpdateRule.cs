namespace RecSys.Embeddings.Kernels;

/// <summary>The arithmetic of a sparse optimiser that treats every number of a row alike.</summary>
internal interface IUpdateRule
{
    /// <summary>Numbers of state per number of a row: 0, 1 or 2. A row's state holds all first ones, then all second ones.</summary>
    static abstract int StateCount { get; }

    /// <summary>Updates values and state. State beyond <see cref="StateCount"/> is neither read nor kept.</summary>
    void Step<TLanes>(ref TLanes value, ref TLanes first, ref TLanes second, TLanes gradient)
        where TLanes : struct, ILanes<TLanes>;
}
