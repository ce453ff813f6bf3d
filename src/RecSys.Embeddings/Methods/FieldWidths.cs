using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>The widths that a search has found, as an array of a method's state; vectors of one number need none.</summary>
internal static class FieldWidths
{
    // Not the name of a field.
    private const string Name = ":widths";

    /// <summary>Adds one width per field to the arrays of a state.</summary>
    /// <param name="arrays">The arrays.</param>
    /// <param name="request">The request.</param>
    /// <param name="widths">1 … dimension, one per field.</param>
    public static void Add(Dictionary<string, PackedArray> arrays, MethodRequest request, IReadOnlyList<int> widths)
    {
        if (request.Dimension == 1)
            return;
        var packed = new PackedArray(widths.Count, Bits(request));
        for (int f = 0; f < widths.Count; f++)
            packed[f] = (uint)(widths[f] - 1);
        arrays.Add(Name, packed);
    }

    /// <summary>The width of a field.</summary>
    /// <param name="request">The request, with the state.</param>
    /// <param name="field">Number of the field.</param>
    public static int Of(MethodRequest request, int field) => request.Dimension == 1 ? 1 : 1 + (int)request.State.Array(Name, request.Fields.Count)[field];

    /// <summary>Bytes of the array.</summary>
    /// <param name="request">The request.</param>
    public static long ByteCount(MethodRequest request) => request.Dimension == 1 ? 0 : PackedArray.ByteCountOf(request.Fields.Count, Bits(request));

    private static int Bits(MethodRequest request) => PackedArray.BitsFor(request.Dimension - 1);
}
