namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class PathDefinition : MethodDefinition
{
    public override string Name => "path";

    public override string[] Variants => ["", "hidden=2", "hidden=1 parts=3"];

    // The fields of the tests are small: a network of the default size takes more than they have.
    public override double[] Budgets(string options, int dimension) => (options, dimension) switch
    {
        ("", > 4) => [1],
        ("", 4) => [1, 0.95],
        _ => [1, 0.8],
    };

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[] vector = rows.Row("base", id % rows.RowCount("base"));
        id /= rows.RowCount("base");
        for (int j = 1; j < rows.Number("parts", 2); j++)
        {
            long digit = id % rows.RowCount($"hidden_{j}");
            id /= rows.RowCount($"hidden_{j}");
            double[] biases = rows.Row($"biases_{j}", digit);
            int hidden = biases.Length - vector.Length;
            double[] units = Multiply(vector, Matrix(rows.Row($"hidden_{j}", digit), hidden));
            units = [.. units.Zip(biases, (x, bias) => Math.Max(x + bias, 0))];
            vector = Sum([Multiply(units, Matrix(rows.Row($"output_{j}", digit), vector.Length)), biases[hidden..]]);
        }

        return vector;
    }

    private static double[][] Matrix(double[] row, int columns) => [.. row.Chunk(columns)];
}
