using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class PepMethodTests
{
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("pep");

    // Numbers lose their threshold, and the largest of what is left are kept as they are.
    [Fact]
    public void EndPhase_WithoutRetraining_KeepsWhatIsLeftAboveTheThresholds()
    {
        MethodRequest request = MethodCases.Request("retrain=false", 8, Budget.OfFraction(0.3));
        using var rows = new MemoryRowStore(s_method.Build(request).Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        for (int f = 0; f < MethodCases.Fields.Count; f++)
            rows.RowTables[(2 * f) + 1].Floats(0, (int)MethodCases.Fields[f].VocabularySize).Fill(-4);
        double threshold = 1 / (1 + Math.Exp(4));
        double[][] left = [.. MethodCases.Fields.Select((field, f) => rows.RowTables[2 * f].Floats(0, (int)field.VocabularySize).ToArray().Select(w => Math.Sign(w) * Math.Max(Math.Abs(w) - threshold, 0)).ToArray())];

        PhaseEnd end = s_method.EndPhase(new PhaseContext(request, s_method.Build(request), rows.RowTables, 10, 10));
        using MethodState state = end.State;
        MethodLayout layout = s_method.Build(request with { State = state });
        using var next = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 9);
        end.Fill!(next.RowTables);

        Assert.False(end.RestartsModel);
        Assert.Equal(0, s_method.Phases(request.Options)[1].Epochs);
        Assert.Null(s_method.Phases(MethodOptions.Empty)[1].Epochs);
        double smallest = double.MaxValue;
        double largestLost = 0;
        float[] row = new float[8];
        for (int f = 0; f < left.Length; f++)
        {
            for (long id = 0; id < MethodCases.Fields[f].VocabularySize; id++)
            {
                next.RowTables[f].ReadRow(id, row);
                for (int j = 0; j < row.Length; j++)
                {
                    double expected = left[f][(id * 8) + j];
                    if (row[j] == 0)
                    {
                        largestLost = Math.Max(largestLost, Math.Abs(expected));
                        continue;
                    }

                    Assert.Equal(expected, row[j], 1e-6);
                    smallest = Math.Min(smallest, Math.Abs(expected));
                }
            }
        }

        Assert.InRange(largestLost, 1e-6, smallest);
    }
}
