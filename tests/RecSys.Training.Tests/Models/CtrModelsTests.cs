using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class CtrModelsTests
{
    private const double Step = 1e-6;

    /// <summary>All models but those that need a history.</summary>
    public static TheoryData<string> Names() => [.. CtrModels.Names.Except(CtrModels.OverHistories)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Backward_EveryModel_EqualsDifferences(string name)
    {
        using var small = new SmallModel($"{{name: {name}, bottom_units: [5], hidden_units: [6, 3], cin_units: [4], attention_dimension: 6, hidden_units1: [6], hidden_units2: [4], gate_units: [3], bottom_hidden_units: [6], expert_hidden_units: [6], tower_hidden_units: [4]}}");

        (small.Model.Forward(small.Input).Logits * Weights()).sum().backward();

        foreach (var leaf in small.Input.Sets.Select(set => set.Fields).Concat(small.Model.parameters()))
        {
            double[] gradient = leaf.grad!.contiguous().ToArray<double>();
            for (int i = 0; i < gradient.Length; i++)
                Assert.Equal(Difference(small, leaf, i), gradient[i], 1e-6);
        }
    }

    private static double Difference(SmallModel small, Tensor leaf, int index)
    {
        using var noGradients = torch.no_grad();
        ref double value = ref leaf.Data<double>()[index];
        double center = value;
        value = center + Step;
        double above = Loss(small);
        value = center - Step;
        double below = Loss(small);
        value = center;
        return (above - below) / (2 * Step);
    }

    private static double Loss(SmallModel small) => (small.Model.Forward(small.Input).Logits * Weights()).sum().item<double>();

    // Different weights for all samples, so that errors cannot cancel.
    private static Tensor Weights() => torch.arange(1, SmallModel.BatchSize + 1, dtype: torch.float64).sin() + 1.5;
}
