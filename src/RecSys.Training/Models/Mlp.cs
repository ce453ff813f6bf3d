using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>Hidden layers (linear → batch or layer norm → activation → dropout) and a linear output.</summary>
internal sealed class Mlp : Module<Tensor, Tensor>
{
    private readonly List<Module<Tensor, Tensor>> _layers = [];

    /// <summary>Creates the layers.</summary>
    /// <param name="inputs">Columns of the input.</param>
    /// <param name="options">Hidden layers.</param>
    /// <param name="outputs">Columns of the result; 0 leaves the linear output out.</param>
    public Mlp(int inputs, MlpOptions options, int outputs = 1)
    {
        for (int i = 0; i < options.HiddenUnits.Count; i++)
        {
            int width = options.HiddenUnits[i];
            bool fused = options is { Activation: "relu", BatchNorm: false, LayerNorm: false };
            Add($"linear{i}", fused ? torch.nn.LinearReLU(inputs, width) : torch.nn.Linear(inputs, width));
            if (options.BatchNorm)
                Add($"norm{i}", torch.nn.BatchNorm1d(width));
            if (options.LayerNorm)
                Add($"layer_norm{i}", torch.nn.LayerNorm(width));
            if (!fused)
            {
                Add($"activation{i}", options.Activation switch
                {
                    "dice" => new Dice(width),
                    "prelu" => torch.nn.PReLU(width),
                    "sigmoid" => torch.nn.Sigmoid(),
                    _ => torch.nn.ReLU(),
                });
            }

            if (options.Dropout > 0)
                Add($"dropout{i}", torch.nn.Dropout(options.Dropout));
            inputs = width;
        }

        if (outputs > 0)
            Add("output", torch.nn.Linear(inputs, outputs));
    }

    /// <summary>[rows, inputs] → [rows, outputs], or the last hidden layer.</summary>
    public override Tensor forward(Tensor input) => _layers.Aggregate(input, (x, layer) => layer.forward(x));

    /// <summary>The same, for an input whose way through the first linear layer is known to the caller.</summary>
    /// <param name="first">Given the first layer, its result [rows, width].</param>
    public Tensor Forward(Func<Linear, Tensor> first)
        => _layers.Skip(1).Aggregate(first((Linear)_layers[0]), (x, layer) => layer.forward(x));

    private void Add(string name, Module<Tensor, Tensor> layer) => _layers.Add(register_module(name, layer));
}
