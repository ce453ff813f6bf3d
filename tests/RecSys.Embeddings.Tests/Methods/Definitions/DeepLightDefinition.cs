namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class DeepLightDefinition : MethodDefinition
{
    public override string Name => "deeplight";

    public override string[] Variants => ["", "warm_up=0.5", "fine_tune_epochs=1"];

    public override bool IsExact(string options) => true;

    public override bool TakesCodes => false;

    // The last numbers are pruned at the end.
    public override bool KeepsVectors(string options) => options == "fine_tune_epochs=1";

    // While training, and pruned: the numbers that are not kept are zero.
    public override double[] Vector(DefinitionRows rows, long id) => rows.Row("", id);
}
