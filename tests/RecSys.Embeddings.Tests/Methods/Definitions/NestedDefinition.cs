namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class NestedDefinition : MethodDefinition
{
    public override string Name => "nested";

    public override string[] Variants => ["", "smallest=1"];

    public override double[] Budgets(string options, int dimension) => dimension == 1 ? [1] : [1, 0.7];

    // The last numbers of a row are dropped at the end.
    public override bool KeepsVectors(string options) => false;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[] row = rows.Row("", id);
        int width = rows.Has("width") ? Math.Clamp((int)Math.Round(rows.Row("width", 0)[0]), 0, row.Length) : row.Length;
        return [.. row[..width], .. new double[rows.Dimension - width]];
    }
}
