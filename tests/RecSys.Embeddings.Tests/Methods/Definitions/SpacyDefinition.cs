namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class SpacyDefinition : MethodDefinition
{
    public override string Name => "spacy";

    public override string[] Variants => ["", "hashes=1", "hashes=3"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id) => Sum(rows.Addressed(id));
}
