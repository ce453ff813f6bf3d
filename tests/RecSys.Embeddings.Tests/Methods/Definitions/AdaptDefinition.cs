namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class AdaptDefinition : MethodDefinition
{
    public override string Name => "adapt";

    public override string[] Variants => ["", "hot=0.01", "hot=0.9"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double hot = rows.IsSet("hot=0.01") ? 0.01 : rows.IsSet("hot=0.9") ? 0.9 : 0.5;
        return id < (long)(hot * rows.RowCount("")) ? rows.Row("", id) : rows.Addressed(id).Single();
    }
}
