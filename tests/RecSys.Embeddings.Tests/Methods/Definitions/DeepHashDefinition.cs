using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Methods.Definitions;

internal sealed class DeepHashDefinition : MethodDefinition
{
    public override string Name => "dhe";

    public override string[] Variants => ["", "activation=relu layers=1", "hashes=5 layers=3"];

    public override double[] Vector(DefinitionRows rows, long id)
    {
        int layers = rows.Number("layers", 2);
        double[] numbers = Hashes((ulong)DefinitionRows.Number(rows.Sources[0], id), (int)rows.RowCount("layer_1") - 1);
        for (int layer = 1; layer <= layers; layer++)
            numbers = [.. Multiply([.. numbers, 1], rows.Whole($"layer_{layer}")).Select(x => rows.IsSet("activation=relu") ? Math.Max(x, 0) : Mish(x))];
        return Multiply([.. numbers, 1], rows.Whole("output"));
    }

    /// <summary>The hash numbers of a code: for every two of them 64 bits are mixed, of which each takes 24.</summary>
    public static double[] Hashes(ulong code, int count)
        => [.. Enumerable.Range(0, count).Select(j =>
        {
            uint bits = (uint)(RowHash.Mix(code + (ulong)(j / 2)) >> (j % 2 * 32));
            return (((bits >> 8) * 2.0) + 1 - (1 << 24)) / (1 << 24);
        })];

    private static double Mish(double x) => x * Math.Tanh(Math.Log(1 + Math.Exp(x)));
}
