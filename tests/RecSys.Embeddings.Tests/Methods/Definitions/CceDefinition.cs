namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class CceDefinition : MethodDefinition
{
    public override string Name => "cce";

    public override string[] Variants => ["", "columns=1", "columns=2 clusterings=1"];

    public override double[] Budgets(string options, int dimension)
        => dimension == 7 && options != "columns=1" ? [] : base.Budgets(options, dimension);

    public override double[] Vector(DefinitionRows rows, long id) => Concat(rows.Addressed(id).Chunk(2).Select(Sum));
}
