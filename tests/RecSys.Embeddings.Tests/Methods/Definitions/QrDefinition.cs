namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class QrDefinition : MethodDefinition
{
    public override string Name => "qr";

    public override string[] Variants =>
    [
        "",
        "combine=add",
        "combine=concat",
        "collisions=4",
        "collisions=4 combine=concat",
        "parts=3",
        "parts=4 combine=add",
        "parts=3 combine=concat",
        "radix=chinese",
        "parts=3 radix=chinese",
    ];

    public override double[] Budgets(string options, int dimension)
    {
        if (options.Contains("concat", StringComparison.Ordinal) && dimension < (options.Contains("parts", StringComparison.Ordinal) ? 3 : 2))
            return [];
        return options.Contains("collisions", StringComparison.Ordinal) ? [1] : base.Budgets(options, dimension);
    }

    // Narrower than a half, rows of one part leave a gap below the full table.
    public override bool IsExact(string options)
        => !options.Contains("collisions", StringComparison.Ordinal) && options != "parts=3 combine=concat";

    public override double[] Vector(DefinitionRows rows, long id)
    {
        double[][] parts = [.. Digits(rows, id).Select(digit => rows.Row(digit.Table, digit.Row)).Reverse()];
        if (rows.IsSet("combine=concat"))
            return Concat(parts);
        return rows.IsSet("combine=add") ? Sum(parts) : Product(parts);
    }

    // Lowest digit first.
    private static IEnumerable<(string Table, long Row)> Digits(DefinitionRows rows, long id)
    {
        int parts = rows.Number("parts", 2);
        for (int j = 0; j < parts; j++)
        {
            string table = rows.IsSet("radix=chinese") ? $"residue_{j}" : j == 0 ? "remainder" : j == parts - 1 ? "quotient" : $"digit_{j}";
            yield return (table, id % rows.RowCount(table));
            if (!rows.IsSet("radix=chinese"))
                id /= rows.RowCount(table);
        }
    }
}
