using RecSys.Data.Configuration;
using RecSys.Torch;
using RecSys.Torch.Modules;
using RecSys.Torch.Optim;

namespace RecSys.Training.Configuration;

/// <summary>Optimiser of the dense parameters.</summary>
public sealed class DenseOptimizerConfig
{
    internal DenseOptimizerConfig(ConfigNode node)
    {
        Name = node.Choice("name", "adam", "adam", "adamw", "adagrad", "sgd");
        LearningRate = node.Double("learning_rate", Name == "sgd" ? 0.01 : 0.001, 0, 1e6);
        WeightDecay = node.Double("weight_decay", 0, 0, 1e6);
        ClipNorm = node.Double("clip_norm", 0, 0, 1e9);
    }

    /// <summary><c>adam</c>, <c>adamw</c>, <c>adagrad</c> or <c>sgd</c>.</summary>
    /// <value><c>adam</c> by default.</value>
    public string Name { get; }

    /// <summary>Learning rate.</summary>
    /// <value>0.001 by default; 0.01 for <c>sgd</c>.</value>
    public double LearningRate { get; }

    /// <summary>L2 penalty (decoupled for <c>adamw</c>).</summary>
    /// <value>0 by default.</value>
    public double WeightDecay { get; }

    /// <summary>Largest norm of the dense gradient; 0 means no limit.</summary>
    /// <value>0 by default.</value>
    public double ClipNorm { get; }

    /// <summary>Creates the optimiser.</summary>
    /// <param name="model">The dense part of a network.</param>
    public Optimizer Create(Module model) => Name switch
    {
        "adamw" => torch.optim.AdamW(model.named_parameters(), LearningRate, weight_decay: WeightDecay),
        "adagrad" => torch.optim.Adagrad(model.named_parameters(), LearningRate, weight_decay: WeightDecay),
        "sgd" => torch.optim.SGD(model.named_parameters(), LearningRate, weight_decay: WeightDecay),
        _ => torch.optim.Adam(model.named_parameters(), LearningRate, weight_decay: WeightDecay),
    };
}
