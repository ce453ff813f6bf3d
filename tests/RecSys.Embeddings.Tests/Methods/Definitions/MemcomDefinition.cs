namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class MemcomDefinition : MethodDefinition
{
    public override string Name => "memcom";

    public override string[] Variants => ["", "bias=true"];

    // One or two numbers per id, so little is saved when rows are short.
    public override double[] Budgets(string options, int dimension)
        => dimension == 1 ? [1] : dimension < 7 ? [1, 0.7] : base.Budgets(options, dimension);

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[] vector = Scale(rows.Row("shared", id % rows.RowCount("shared")), rows.Row("scale", id)[0]);
        if (!rows.IsSet("bias=true"))
            return vector;
        double bias = rows.Row("bias", id)[0];
        return [.. vector.Select(x => x + bias)];
    }
}
