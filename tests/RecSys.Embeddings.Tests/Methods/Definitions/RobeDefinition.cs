using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class RobeDefinition : MethodDefinition
{
    public override string Name => "robe";

    public override string[] Variants => ["", "signs=false", "block=3", "block=4 signs=false", "block=1"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id) => Vector(rows, id, "/robe");

    /// <summary>Blocks of an array whose rows are as long as a block, one after the other from where the addressing says.</summary>
    public static double[] Vector(DefinitionRows rows, long id, string array)
    {
        int block = rows.Width(array);
        var vector = new List<double>();
        for (int s = 0; vector.Count < rows.Dimension; s += block == 1 ? 1 : 3)
        {
            long row = DefinitionRows.Number(rows.Sources[s], id);
            double[] numbers = rows.Row(array, row);
            if (block > 1)
                numbers = [.. numbers, .. rows.Row(array, (row + 1) % rows.RowCount(array))];
            int shift = block > 1 ? (int)DefinitionRows.Number(rows.Sources[s + 2], id) : 0;
            vector.AddRange(numbers.Skip(shift).Take(Math.Min(block, rows.Dimension - vector.Count)));
        }

        return rows.IsSet("signs=false") ? [.. vector] : [.. vector.Zip(Signs(rows.Sources[^1], id, vector.Count), (x, sign) => x * sign)];
    }

    public static double[] Signs(RowSource code, long id, int count)
    {
        ulong number = (ulong)DefinitionRows.Number(code, id);
        return [.. Enumerable.Range(0, count).Select(i => ((RowHash.Mix(number + (ulong)(i / 64)) >> (i % 64)) & 1) == 0 ? 1.0 : -1.0)];
    }
}
