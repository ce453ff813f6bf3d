namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class CafeDefinition : MethodDefinition
{
    public override string Name => "cafe";

    public override string[] Variants => ["", "hash_rate=0.3 threshold=2", "threshold=1 decay=0.5"];

    public override bool IsExact(string options) => true;

    // What an id reads is learned, or hashed.
    public override double[] Vector(DefinitionRows rows, long id) => rows.Addressed(id).Single();
}
