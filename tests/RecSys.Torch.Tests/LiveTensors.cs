namespace RecSys.Torch.Tests;

/// <summary>Frees what earlier tests left to the garbage collector, so that the count of live tensors stands still.</summary>
internal static class LiveTensors
{
    public static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
