using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>Hidden layers (linear → batch norm → activation → dropout) and one linear output.</summary>
internal sealed class Mlp : Module<Tensor, Tensor>
{
    private readonly List<Module<Tensor, Tensor>> _layers = [];

    public Mlp(int inputs, MlpOptions options)
    {
        for (int i = 0; i < options.HiddenUnits.Count; i++)
        {
            int width = options.HiddenUnits[i];
            bool fused = options is { Activation: "relu", BatchNorm: false };
            Add($"linear{i}", fused ? torch.nn.LinearReLU(inputs, width) : torch.nn.Linear(inputs, width));
            if (options.BatchNorm)
                Add($"norm{i}", torch.nn.BatchNorm1d(width));
            if (!fused)
            {
                Add($"activation{i}", options.Activation switch
                {
                    "dice" => new Dice(width),
                    "prelu" => torch.nn.PReLU(width),
                    _ => torch.nn.ReLU(),
                });
            }

            if (options.Dropout > 0)
                Add($"dropout{i}", torch.nn.Dropout(options.Dropout));
            inputs = width;
        }

        Add("output", torch.nn.Linear(inputs, 1));
    }

    /// <summary>[rows, inputs] → [rows, 1].</summary>
    public override Tensor forward(Tensor input) => Forward(input, firstLayer: 0);

    /// <summary>[batch, inputs] → [batch, 1].</summary>
    public Tensor Forward(FlatVectors input) => Forward(input.Through((Linear)_layers[0]), firstLayer: 1);

    private Tensor Forward(Tensor input, int firstLayer) => _layers.Skip(firstLayer).Aggregate(input, (x, layer) => layer.forward(x));

    private void Add(string name, Module<Tensor, Tensor> layer) => _layers.Add(register_module(name, layer));
}
