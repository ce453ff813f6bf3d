namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class DpqDefinition : QuantizedDefinition
{
    public override string Name => "dpq";

    protected override long Usable(DefinitionRows rows, long id, long centroids) => centroids;
}

internal sealed class MgqeDefinition : QuantizedDefinition
{
    public override string Name => "mgqe";

    protected override long Usable(DefinitionRows rows, long id, long centroids)
        => id < Math.Ceiling(0.1 * rows.Field.VocabularySize) ? centroids : centroids / 4;
}

/// <summary>Every part of the row becomes the nearest of the centroids that the id may use; in the end only their numbers are kept.</summary>
internal abstract class QuantizedDefinition : MethodDefinition
{
    public override string[] Variants => ["", "parts=1"];

    public override double[] Budgets(string options, int dimension) => dimension < 4 ? [] : [1, 0.7];

    // The gradient passes as if nothing had been rounded.
    public override bool IsDifferentiable => false;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        if (!rows.Has("query"))
            return Concat(rows.Addressed(id));
        double[] query = rows.Row("query", id);
        int width = rows.Width("codebook");
        int parts = query.Length / width;
        long centroids = rows.RowCount("codebook") / parts;
        return Concat(Enumerable.Range(0, parts).Select(part =>
        {
            double[] own = query[(part * width)..((part + 1) * width)];
            return Enumerable.Range(0, (int)Usable(rows, id, centroids))
                .Select(k => rows.Row("codebook", (part * centroids) + k))
                .MinBy(c => c.Zip(own, (x, y) => (x - y) * (x - y)).Sum())!;
        }));
    }

    protected abstract long Usable(DefinitionRows rows, long id, long centroids);
}
