namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class HashDefinition : MethodDefinition
{
    public override string Name => "hash";

    public override string[] Variants => ["", "function=modulo"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
        => rows.IsSet("function=modulo") ? rows.Row("", id % rows.RowCount("")) : rows.Addressed(id).Single();
}
