namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class DedupDefinition : MethodDefinition
{
    public override string Name => "dedup";

    public override string[] Variants => ["", "block=5", "fine_tune_epochs=0"];

    public override double[] Budgets(string options, int dimension) => options.Contains("block", StringComparison.Ordinal) && dimension < 4 ? [1] : [1, 0.7];

    public override bool KeepsVectors(string options) => options.Length == 0;

    public override double[] Vector(DefinitionRows rows, long id) => rows.Addressed(id).Single();
}
