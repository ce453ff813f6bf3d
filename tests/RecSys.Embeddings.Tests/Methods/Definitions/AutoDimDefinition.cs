using System.Globalization;

namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class AutoDimDefinition : MethodDefinition
{
    public override string Name => "autodim";

    public override string[] Variants => ["", "search_epochs=2"];

    public override double[] Budgets(string options, int dimension) => dimension == 1 ? [1] : dimension < 7 ? [1, 0.7] : base.Budgets(options, dimension);

    public override bool LearnsSize => true;

    public override bool KeepsVectors(string options) => false;

    public override double[] Vector(DefinitionRows rows, long id)
    {
        if (!rows.Has("search"))
            return Multiply(rows.Row("", id), rows.Whole("projection"));
        double[] weights = rows.Whole("search")[0];
        int[] widths = [.. new[] { 1, 2, 4, 8 }.Where(w => w < rows.Dimension), rows.Dimension];
        return Sum([.. widths.Select((width, k) => Scale(Part(rows, width, id), weights[k]))]);
    }

    private static double[] Part(DefinitionRows rows, int width, long id)
    {
        string name = width.ToString(CultureInfo.InvariantCulture);
        double[] row = rows.Row(name, id);
        return width == rows.Dimension ? row : Multiply(row, rows.Whole($"{name}/projection"));
    }
}
