using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>The chain rule of every method, by hand.</summary>
internal sealed partial class ReferenceVectors
{
    /// <summary>Adds the gradients of all rows that one id reads.</summary>
    /// <param name="gradients">Dense gradients per table, shaped like the values.</param>
    /// <param name="touched">Receives the rows that were read.</param>
    public void AddGradients(EmbeddingField field, long id, double[] gradient, double[][] gradients, HashSet<(int Table, long Row)> touched)
    {
        void Add(int table, long row, int column, Func<int, double> part)
        {
            int width = layout.Tables[table].Width;
            for (int j = 0; j < width; j++)
                gradients[table][(row * width) + j] += part(column + j);
            touched.Add((table, row));
        }

        string name = $"s/{field.Name}";
        if (method == "qr" && Find($"{name}/quotient") is int quotient)
        {
            int remainder = Find($"{name}/remainder")!.Value;
            long divisor = layout.Tables[remainder].RowCount;
            bool isProduct = !options.Contains("add", StringComparison.Ordinal) && !options.Contains("concat", StringComparison.Ordinal);
            bool isConcat = options.Contains("concat", StringComparison.Ordinal);
            double[] q = Row($"{name}/quotient", id / divisor);
            double[] r = Row($"{name}/remainder", id % divisor);
            Add(quotient, id / divisor, 0, j => gradient[j] * (isProduct ? r[j] : 1));
            Add(remainder, id % divisor, isConcat ? q.Length : 0, j => gradient[j] * (isProduct ? q[j] : 1));
        }
        else if (Find($"{name}/projection") is int projection)
        {
            double[] row = Row(name, id);
            Add(Find(name)!.Value, id, 0, k => gradient.Zip(Row($"{name}/projection", k), (g, w) => g * w).Sum());
            for (int k = 0; k < row.Length; k++)
                Add(projection, k, 0, j => gradient[j] * row[k]);
        }
        else
        {
            IReadOnlyList<RowSource> sources = layout.Of(field).Sources;
            bool isSum = method == "double_hash" && sources.Count > 1 && !options.Contains("concat", StringComparison.Ordinal);
            double scale = isSum && options.Contains("mean", StringComparison.Ordinal) ? 1.0 / sources.Count : 1;
            int column = 0;
            foreach (RowSource source in sources)
            {
                var row = new long[1];
                source.Addressing!.Address([id], row);
                Add(source.Table, row[0], column, j => gradient[j] * scale);
                column += isSum ? 0 : layout.Tables[source.Table].Width;
            }
        }
    }
}
