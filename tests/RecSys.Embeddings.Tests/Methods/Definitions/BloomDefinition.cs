namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class BloomDefinition : MethodDefinition
{
    public override string Name => "bloom";

    // Sixteen rows and a number with their signs are more sources than a buffer of sixteen has room for.
    public override string[] Variants => ["", "hashes=1 signs=random", "combine=mean", "hashes=3 combine=mean signs=random", "hashes=16 signs=random"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[][] terms = rows.Addressed(id);
        if (rows.IsSet("signs=random"))
        {
            long bits = DefinitionRows.Number(rows.Sources[0], id);
            terms = [.. terms.Select((term, j) => Scale(term, ((bits >> j) & 1) == 0 ? 1 : -1))];
        }

        return rows.IsSet("combine=mean") ? Scale(Sum(terms), 1.0 / terms.Length) : Sum(terms);
    }
}
