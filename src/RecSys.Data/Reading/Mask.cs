using RecSys.Data.Interop;

namespace RecSys.Data.Reading;

/// <summary>Looks for nulls.</summary>
internal static class Mask
{
    internal static bool HasNull(DuckVector vector)
    {
        // Bits beyond the last row of the mask are undefined.
        for (int row = 0; vector.Validity.Length > 0 && row < vector.Count; row++)
        {
            if (vector.IsNull(row))
                return true;
        }

        return false;
    }
}
