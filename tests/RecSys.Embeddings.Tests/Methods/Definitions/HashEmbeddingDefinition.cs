namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class HashEmbeddingDefinition : MethodDefinition
{
    public override string Name => "hash_embedding";

    public override string[] Variants => ["", "hashes=1", "hashes=3", "weight_share=0.1", "hashes=3 weight_share=0.9"];

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[][] read = rows.Addressed(id);
        double[] weights = rows.RowCount("weights") == rows.Field.VocabularySize ? rows.Row("weights", id) : read[0];
        return Sum([.. read.Skip(1).Select((row, j) => Scale(row, weights[j]))]);
    }
}
