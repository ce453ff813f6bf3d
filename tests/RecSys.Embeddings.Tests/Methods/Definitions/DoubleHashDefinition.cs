namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class DoubleHashDefinition : MethodDefinition
{
    public override string Name => "double_hash";

    public override string[] Variants => ["", "combine=mean", "combine=concat", "hashes=3", "hashes=3 combine=mean", "hashes=3 combine=concat"];

    public override double[] Budgets(string options, int dimension)
        => dimension == 1 && options.Contains("concat", StringComparison.Ordinal) ? [] : base.Budgets(options, dimension);

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[][] terms = rows.Addressed(id);
        if (rows.IsSet("combine=concat"))
            return Concat(terms);
        return rows.IsSet("combine=mean") ? Scale(Sum(terms), 1.0 / terms.Length) : Sum(terms);
    }
}
