namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class MixedDimensionDefinition : MethodDefinition
{
    public override string Name => "mixed_dimension";

    public override string[] Variants => ["", "round=none"];

    public override double[] Budgets(string options, int dimension) => dimension == 1 ? [1] : dimension < 7 ? [1, 0.7] : base.Budgets(options, dimension);

    public override double[] Vector(DefinitionRows rows, long id) => Multiply(rows.Row("", id), rows.Whole("projection"));
}
