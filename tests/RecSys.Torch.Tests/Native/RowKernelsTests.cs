using System.Diagnostics;

namespace RecSys.Torch.Tests.Native;

/// <summary>The kernels of embedding rows, compiled for GPUs where no GPU is. What they compute is tested with their other form, for the processor.</summary>
public sealed class RowKernelsTests
{
    [ClangFact]
    public void Kernels_CompiledForAGpu_HaveAnEntryEachAndNothingUndefined()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Native");
        string source = Path.Combine(folder, "row_kernels.cuh");
        string target = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            string[] arguments =
            [
                "-x", "cuda", "--cuda-device-only", "--cuda-gpu-arch=sm_80", "-nocudainc", "-nocudalib", "-Xclang", "-target-feature", "-Xclang", "+ptx70", "-std=c++17",
                "-O3", "-Wall", "-Werror", "-Wno-pragma-once-outside-header", "-S", "-include", Path.Combine(folder, "gpu_builtins.h"), source, "-o", target,
            ];
            using var compiler = Process.Start(new ProcessStartInfo(ClangFactAttribute.Compiler!, arguments) { RedirectStandardError = true })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();

            Assert.Equal("", errors);
            string code = File.ReadAllText(target);
            foreach (string kernel in Kernels(File.ReadLines(source)))
                Assert.Contains($".visible .entry {kernel}(", code, StringComparison.Ordinal);
            Assert.DoesNotContain(".extern", code, StringComparison.Ordinal);
            // All in registers: no thread has memory of its own.
            Assert.DoesNotContain(".local", code, StringComparison.Ordinal);
            // Rows of fp32 move sixteen bytes at a time.
            Assert.Contains("ld.v4.f32", code, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(target);
        }
    }

    private static IEnumerable<string> Kernels(IEnumerable<string> lines)
        => lines.Where(l => l.StartsWith("RST_KERNEL(", StringComparison.Ordinal)).Select(l => l["RST_KERNEL(".Length..l.IndexOf(',', StringComparison.Ordinal)]);
}
