using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class TaskLossTests
{
    [Theory]
    [InlineData("shared_bottom")]
    [InlineData("mmoe")]
    public void Forward_UnknownLabels_DoNotCount(string name)
    {
        using var small = new SmallModel($"{{name: {name}, task_weights: {{t1: 0.25}}}}", tasks: 3);
        float[] labels = [1, 0, float.NaN, 0, float.NaN, float.NaN, float.NaN, 1, float.NaN, 1, 1, float.NaN, 0, 0, float.NaN];
        var input = small.Input with { Labels = torch.zeros([SmallModel.BatchSize], torch.float64), TaskLabels = torch.tensor(labels, [SmallModel.BatchSize, 3]) };

        var output = small.Model.Forward(input);

        // The definition, sample by sample; the last task is known of none.
        double[] weights = [1, 0.25, 1];
        double[] logits = output.TaskLogits!.detach().contiguous().ToArray<double>();
        double expected = 0;
        for (int task = 0; task < 3; task++)
        {
            int[] known = [.. Enumerable.Range(0, SmallModel.BatchSize).Where(s => !float.IsNaN(labels[(3 * s) + task]))];
            if (known.Length > 0)
                expected += weights[task] * known.Average(s => Math.Log(1 + Math.Exp(labels[(3 * s) + task] > 0.5f ? -logits[(3 * s) + task] : logits[(3 * s) + task])));
        }

        Assert.Equal(expected, output.ExtraLoss!.item<float>(), 1e-6);
        output.ExtraLoss!.backward();
        Assert.All(small.Model.parameters(), p => Assert.All(p.grad?.contiguous().ToArray<double>() ?? [], g => Assert.True(double.IsFinite(g))));
    }

    [Fact]
    public void Evaluate_TaskOfFewKnownLabels_IsThatOfThese()
    {
        var scored = new ScoredSamples([0, 1, 2, 3], [0, 1, 0, 1], [7, 7, 8, 8], [new ScoredTask("bought", [3, 1, 2, 0], [1, float.NaN, 0, float.NaN]), new ScoredTask("none", [0, 0, 0, 0], [float.NaN, float.NaN, float.NaN, float.NaN])]);

        var result = scored.Evaluate();

        Assert.Equal(EvaluationResult.Compute([0, 1, 2, 3], [0, 1, 0, 1], [7, 7, 8, 8]), result with { Tasks = EvaluationResult.Compute([], [], []).Tasks });
        Assert.Equal(EvaluationResult.Compute([3, 2], [1, 0], [7, 8]), result.Tasks["bought"]);
        Assert.Equal((0, double.NaN), (result.Tasks["none"].Samples, result.Tasks["none"].Auc));
        Assert.Equal(1, scored.Evaluate([0, 1]).Tasks["bought"].Samples);
    }
}
