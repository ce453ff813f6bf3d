namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class GrowingDefinition : MethodDefinition
{
    public override string Name => "growing";

    public override string[] Variants => ["", "evict=lru", "admission=0.5"];

    public override bool IsExact(string options) => true;

    // Which ids have a row is learned.
    public override double[] Vector(DefinitionRows rows, long id) => rows.Addressed(id).Single();
}
