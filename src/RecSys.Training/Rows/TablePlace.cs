namespace RecSys.Training.Rows;

/// <summary>Where the rows of a table are while they are trained.</summary>
public enum TablePlace
{
    /// <summary>In the memory of the training processes.</summary>
    Host,

    /// <summary>In the memory of the training processes, with a cache in that of the GPU.</summary>
    CachedHost,

    /// <summary>In the memory of the GPU.</summary>
    Gpu,

    /// <summary>On the nodes of a cluster.</summary>
    Cluster,
}
