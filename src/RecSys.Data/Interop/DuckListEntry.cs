using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Where the list of a row lies in the vector of all elements.</summary>
/// <param name="Offset">Index of its first element.</param>
/// <param name="Length">Number of its elements.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DuckListEntry(ulong Offset, ulong Length);
