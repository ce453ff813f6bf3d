namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class FullDefinition : MethodDefinition
{
    public override string Name => "full";

    public override double[] Budgets(string options, int dimension) => [1];

    public override double[] Vector(DefinitionRows rows, long id) => rows.Row("", id);
}
