namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class HashedNetsDefinition : MethodDefinition
{
    public override string Name => "hashed_nets";

    public override string[] Variants => ["", "signs=false"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id) => RobeDefinition.Vector(rows, id, "/hashed_nets");
}
