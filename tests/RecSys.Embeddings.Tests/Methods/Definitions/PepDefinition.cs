namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class PepDefinition : MethodDefinition
{
    public override string Name => "pep";

    public override string[] Variants => ["", "granularity=dimension", "granularity=element", "granularity=global", "search_epochs=2", "retrain=false"];

    public override bool IsExact(string options) => true;

    public override bool TakesCodes => false;

    public override bool KeepsVectors(string options) => false;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[] row = rows.Row("", id);
        double[] s = rows.Row("threshold", rows.RowCount("threshold") == 1 ? 0 : id);
        return [.. row.Select((w, j) => Math.Sign(w) * Math.Max(Math.Abs(w) - (1 / (1 + Math.Exp(-s[Math.Min(j, s.Length - 1)]))), 0))];
    }
}
