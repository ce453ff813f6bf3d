namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class AutoSrhDefinition : MethodDefinition
{
    public override string Name => "autosrh";

    public override string[] Variants => ["", "search_epochs=2", "fine_tune_epochs=0"];

    public override bool IsExact(string options) => true;

    public override bool TakesCodes => false;

    // The smallest numbers are pruned at the end.
    public override bool KeepsVectors(string options) => false;

    // Group g begins at (n + 1)^(g/6) − 1: six groups that are equally wide in the logarithm.
    public override double[] Vector(DefinitionRows rows, long id)
    {
        int group = Enumerable.Range(0, 6).Last(g => g == 0 || id >= Math.Ceiling(Math.Pow(rows.Field.VocabularySize + 1, g / 6.0)) - 1);
        return Product([rows.Row("", id), rows.Row("gates", group)]);
    }
}
