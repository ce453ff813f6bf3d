using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>
/// The definition of every method, written down a second time: one id at a time, in double precision, from the names and sizes of
/// the tables. Only hashed addresses are taken from the layout.
/// </summary>
internal sealed partial class ReferenceVectors(string method, string options, MethodLayout layout, double[][] values)
{
    public double[] Vector(EmbeddingField field, long id)
    {
        string name = $"s/{field.Name}";
        if (Find(name) is int full && layout.Tables[full].RowCount == field.VocabularySize && layout.Tables[full].Width == layout.Dimension)
            return Row(name, id);

        return method switch
        {
            "low_dimension" when Find($"{name}/projection") is not null => Project(Row(name, id), $"{name}/projection"),
            "low_dimension" => [.. Row(name, id), .. new double[layout.Dimension - layout.Tables[Find(name)!.Value].Width]],
            "hash" when options == "function=modulo" => Row(name, id % layout.Tables[Find(name)!.Value].RowCount),
            "hash" => HashedRows(field, id).Single(),
            "double_hash" or "unified" when options.Contains("concat", StringComparison.Ordinal) || method == "unified" => Concat(HashedRows(field, id)),
            "double_hash" => Fold(HashedRows(field, id), options.Contains("mean", StringComparison.Ordinal)),
            "qr" => QuotientRemainder(name, id),
            _ => throw new InvalidOperationException($"The tests have no definition of method '{method}'."),
        };
    }

    private double[] QuotientRemainder(string name, long id)
    {
        long divisor = layout.Tables[Find($"{name}/remainder")!.Value].RowCount;
        double[] quotient = Row($"{name}/quotient", id / divisor);
        double[] remainder = Row($"{name}/remainder", id % divisor);
        if (options.Contains("concat", StringComparison.Ordinal))
            return [.. quotient, .. remainder];
        bool isSum = options.Contains("add", StringComparison.Ordinal);
        return [.. quotient.Zip(remainder, (q, r) => isSum ? q + r : q * r)];
    }

    private double[] Project(double[] row, string projection)
    {
        var vector = new double[layout.Dimension];
        for (int k = 0; k < row.Length; k++)
        {
            double[] weights = Row(projection, k);
            for (int j = 0; j < vector.Length; j++)
                vector[j] += row[k] * weights[j];
        }

        return vector;
    }

    private static double[] Concat(IEnumerable<double[]> rows) => [.. rows.SelectMany(r => r)];

    private static double[] Fold(List<double[]> rows, bool isMean)
        => [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Sum(r => r[j]) / (isMean ? rows.Count : 1))];

    private List<double[]> HashedRows(EmbeddingField field, long id)
    {
        var rows = new List<double[]>();
        foreach (RowSource source in layout.Of(field).Sources)
        {
            var row = new long[1];
            source.Addressing!.Address([id], row);
            rows.Add(Row(layout.Tables[source.Table].Name, row[0]));
        }

        return rows;
    }

    private int? Find(string table)
    {
        for (int t = 0; t < layout.Tables.Count; t++)
        {
            if (layout.Tables[t].Name == table)
                return t;
        }

        return null;
    }

    private double[] Row(string table, long row)
    {
        int index = Find(table) ?? throw new InvalidOperationException($"The layout has no table '{table}'.");
        int width = layout.Tables[index].Width;
        return values[index].AsSpan((int)row * width, width).ToArray();
    }
}
