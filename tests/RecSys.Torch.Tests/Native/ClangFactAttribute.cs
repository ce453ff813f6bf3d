namespace RecSys.Torch.Tests.Native;

/// <summary>A test that needs clang, which has a compiler for NVIDIA's GPUs of its own; skipped, and said so, where there is none.</summary>
public sealed class ClangFactAttribute : FactAttribute
{
    private static readonly string[] s_names = ["clang", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"];

    public ClangFactAttribute()
    {
        if (Compiler is null)
            Skip = "There is no clang on this machine (apt-get install clang), so the kernels for GPUs are only compiled for the processor.";
    }

    /// <summary>Path of the compiler.</summary>
    public static string? Compiler { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => s_names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
