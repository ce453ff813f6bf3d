using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Memory;

/// <summary>
/// Zeroed native memory: small blocks from the allocator, large ones as anonymous pages, aligned to 2 MiB and with huge pages
/// asked for. The system hands out pages at the first touch, so memory that is never touched is never used.
/// </summary>
public static unsafe partial class NativePages
{
    private const nuint SmallAlignment = 64;
    private const nuint HugePage = 2 << 20;
    private const nuint LargeByteCount = 2 * HugePage;
    private const int ProtectReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
    private const int AdviseHugePage = 14;
    private static long s_outstanding;

    /// <summary>Bytes allocated and not yet freed: for tests that nothing leaks.</summary>
    public static long OutstandingByteCount => Interlocked.Read(ref s_outstanding);

    internal static void* Allocate(nuint byteCount)
    {
        if (byteCount > nuint.MaxValue / 2)
            throw new OutOfMemoryException($"{byteCount} bytes of native memory are more than an address space holds.");
        void* memory = IsMapped(byteCount) ? Map(byteCount) : AllocateSmall(byteCount);
        Interlocked.Add(ref s_outstanding, (long)byteCount);
        if (byteCount > 0)
            GC.AddMemoryPressure((long)byteCount);
        return memory;
    }

    internal static void Free(void* memory, nuint byteCount)
    {
        if (IsMapped(byteCount))
            _ = Unmap(memory, Rounded(byteCount));
        else
            NativeMemory.AlignedFree(memory);
        Interlocked.Add(ref s_outstanding, -(long)byteCount);
        if (byteCount > 0)
            GC.RemoveMemoryPressure((long)byteCount);
    }

    // The constants of the calls below are Linux's; other systems take all memory from the allocator.
    private static bool IsMapped(nuint byteCount) => byteCount >= LargeByteCount && OperatingSystem.IsLinux();

    private static void* AllocateSmall(nuint byteCount)
    {
        void* memory = NativeMemory.AlignedAlloc(Math.Max(byteCount, 1), SmallAlignment);
        NativeMemory.Clear(memory, byteCount);
        return memory;
    }

    // A huge page needs an aligned place, which mmap does not promise: reserve one page more and give back what is left over.
    private static void* Map(nuint byteCount)
    {
        nuint size = Rounded(byteCount);
        byte* memory = (byte*)Map(null, size + HugePage, ProtectReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if ((nint)memory == -1)
            throw new OutOfMemoryException($"{byteCount} bytes of native memory could not be reserved.");
        nuint before = Rounded((nuint)memory) - (nuint)memory;
        if (before > 0)
            _ = Unmap(memory, before);
        if (before < HugePage)
            _ = Unmap(memory + before + size, HugePage - before);
        _ = Advise(memory + before, size, AdviseHugePage);
        return memory + before;
    }

    private static nuint Rounded(nuint byteCount) => (byteCount + HugePage - 1) & ~(HugePage - 1);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
