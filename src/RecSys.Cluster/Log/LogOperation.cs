namespace RecSys.Cluster.Log;

/// <summary>The places at which a log changes files; tests make them fail.</summary>
internal enum LogOperation
{
    /// <summary>A segment file is created.</summary>
    CreateSegment,

    /// <summary>The bytes of a record are written.</summary>
    WriteRecord,

    /// <summary>A segment is flushed to disk.</summary>
    FlushSegment,

    /// <summary>The mark is written.</summary>
    WriteMark,
}
