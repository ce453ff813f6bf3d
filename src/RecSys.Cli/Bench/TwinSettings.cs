namespace RecSys.Cli.Bench;

/// <summary>Settings of the native libraries that the twin runs with.</summary>
internal enum TwinSettings
{
    /// <summary>Those of this process: threads, spinning and allocator as the launcher sets them.</summary>
    Tuned,

    /// <summary>None: PyTorch as it is after installation.</summary>
    AsInstalled,

    /// <summary>None, and the model goes through <c>torch.compile</c>; on a GPU.</summary>
    Compiled,
}
