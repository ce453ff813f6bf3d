namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class UnifiedDefinition : MethodDefinition
{
    public override string Name => "unified";

    public override string[] Variants => ["", "chunks=1", "chunks=4"];

    public override double[] Budgets(string options, int dimension)
        => dimension == 7 && options != "chunks=1" ? [] : base.Budgets(options, dimension);

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id) => Concat(rows.Addressed(id));
}
