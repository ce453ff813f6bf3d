using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// A small network for each task of the data set, the label's first: from what the tasks share to a logit. The tasks' cross-entropies are added to
/// that of the label, each by its <c>task_weights</c> (1); a sample whose label for a task is not known does not count in it.
/// </summary>
internal sealed class TaskTowers : Module
{
    private readonly List<Mlp> _towers = [];
    private readonly double[] _weights;

    /// <summary>Creates the networks.</summary>
    /// <param name="context">Options <c>tower_hidden_units</c> and <c>task_weights</c>.</param>
    /// <param name="inputs">Columns of what they compute from.</param>
    public TaskTowers(ModelContext context, int inputs)
    {
        var units = MlpOptions.Read(context.Options, "tower_hidden_units", [64], "relu");
        var weights = context.Options.Section("task_weights");
        _towers.Add(register_module("label", new Mlp(inputs, units)));
        for (int task = 0; task < context.Schema.Tasks.Count; task++)
            _towers.Add(register_module($"task{task}", new Mlp(inputs, units)));
        _weights = [.. context.Schema.Tasks.Select(task => weights.Double(task.Name, 1, minimum: 0))];
    }

    /// <summary>Tasks, that of the label included.</summary>
    public int Count => _towers.Count;

    /// <summary>Computes the logits of all tasks and the losses of all but the label's.</summary>
    /// <param name="input">The mini-batch.</param>
    /// <param name="shared">[batch, inputs] of a task by its number.</param>
    public ModelOutput Forward(ModelInput input, Func<int, Tensor> shared)
    {
        Tensor[] logits = [.. _towers.Select((tower, task) => tower.forward(shared(task)).squeeze(1))];
        if (logits.Length == 1)
            return logits[0];
        var loss = input.TaskLabels is null ? null : torch.stack([.. _weights.Select((weight, task) => Loss(logits[1 + task], input.TaskLabels.select(1, task)) * weight)]).sum();
        return new ModelOutput(logits[0], loss, torch.stack(logits[1..], 1));
    }

    // The mean over the samples whose label is known; 0 when there is none.
    private static Tensor Loss(Tensor logits, Tensor labels)
    {
        var known = labels.isnan().logical_not().to(torch.float32);
        var sum = torch.nn.functional.binary_cross_entropy_with_logits(logits.to(torch.float32), torch.where(labels.isnan(), torch.zeros_like(labels), labels), known, Reduction.Sum);
        return sum / known.sum().clamp(minimum: 1);
    }
}
