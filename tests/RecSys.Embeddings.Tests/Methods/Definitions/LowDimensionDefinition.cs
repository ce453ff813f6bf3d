namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class LowDimensionDefinition : MethodDefinition
{
    public override string Name => "low_dimension";

    public override string[] Variants => ["", "projection=per_field"];

    public override double[] Budgets(string options, int dimension) => dimension == 1 ? [1] : [1, 0.7];

    public override double[] Vector(DefinitionRows rows, long id)
        => rows.Has("projection")
            ? Multiply(rows.Row("", id), rows.Whole("projection"))
            : [.. rows.Row("", id), .. new double[rows.Dimension - rows.Width("")]];
}
