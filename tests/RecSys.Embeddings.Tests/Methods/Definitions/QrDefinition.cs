namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class QrDefinition : MethodDefinition
{
    public override string Name => "qr";

    public override string[] Variants => ["", "combine=add", "combine=concat", "collisions=4", "collisions=4 combine=concat"];

    public override double[] Budgets(string options, int dimension)
    {
        if (dimension == 1 && options.Contains("concat", StringComparison.Ordinal))
            return [];
        return IsExact(options) ? base.Budgets(options, dimension) : [1];
    }

    public override bool IsExact(string options) => !options.Contains("collisions", StringComparison.Ordinal);

    public override double[] Vector(DefinitionRows rows, long id)
    {
        long divisor = rows.RowCount("remainder");
        double[][] parts = [rows.Row("quotient", id / divisor), rows.Row("remainder", id % divisor)];
        if (rows.IsSet("combine=concat"))
            return Concat(parts);
        return rows.IsSet("combine=add") ? Sum(parts) : Product(parts);
    }
}
