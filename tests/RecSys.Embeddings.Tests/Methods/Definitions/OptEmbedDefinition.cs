namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class OptEmbedDefinition : MethodDefinition
{
    public override string Name => "optembed";

    public override string[] Variants => ["", "search_epochs=2", "generations=3", "retrain=false"];

    public override bool IsExact(string options) => true;

    // The threshold is a step.
    public override bool IsDifferentiable => false;

    public override bool LearnsSize => true;

    public override bool KeepsVectors(string options) => false;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        if (!rows.Has("threshold"))
        {
            double[] kept = rows.Addressed(id).Single();
            return [.. kept, .. new double[rows.Dimension - kept.Length]];
        }

        double[] row = rows.Row("", id);
        double[] gates = rows.Row("gates", DefinitionRows.Number(rows.Sources[2], id));
        return Scale(Product([row, gates]), row.Sum(Math.Abs) > rows.Row("threshold", 0)[0] ? 1 : 0);
    }
}
