using System.Globalization;

namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class UnifiedDefinition : MethodDefinition
{
    public override string Name => "unified";

    public override string[] Variants => ["", "chunks=1", "chunks=4", "chunks=4 chunk_rule=by_vocabulary", "tables=3", "chunks=4 chunk_rule=by_vocabulary tables=2"];

    public override double[] Budgets(string options, int dimension)
        => dimension == 7 && options != "chunks=1" ? [] : base.Budgets(options, dimension);

    public override bool IsExact(string options) => true;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        int most = Math.Min(rows.Number("chunks", 2), rows.Dimension);
        int digits = rows.Field.VocabularySize.ToString(CultureInfo.InvariantCulture).Length;
        int chunks = rows.IsSet("chunk_rule=by_vocabulary") ? Math.Min(most, digits) : most;
        return [.. Concat(rows.Addressed(id)), .. new double[(most - chunks) * rows.Dimension / most]];
    }
}
