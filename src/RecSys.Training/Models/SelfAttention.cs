using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>Each vector becomes ReLU(Σ softmax(q·k) v + itself), for several heads side by side; where widths differ, a matrix brings it to the new one.</summary>
internal sealed class SelfAttention : Module<Tensor, Tensor>
{
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Linear? _residual;
    private readonly int _heads;
    private readonly double _scale;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Width of the vectors.</param>
    /// <param name="width">Width of the result, all heads together.</param>
    /// <param name="heads">Heads; a divisor of <paramref name="width"/>.</param>
    /// <param name="isScaled">Divides the scores by the root of a head's width.</param>
    public SelfAttention(int inputs, int width, int heads, bool isScaled)
    {
        _heads = heads;
        _scale = isScaled ? 1 / Math.Sqrt((double)width / heads) : 1;
        _query = register_module("query", torch.nn.Linear(inputs, width, hasBias: false));
        _key = register_module("key", torch.nn.Linear(inputs, width, hasBias: false));
        _value = register_module("value", torch.nn.Linear(inputs, width, hasBias: false));
        if (inputs != width)
            _residual = register_module("residual", torch.nn.Linear(inputs, width, hasBias: false));
    }

    /// <summary>[batch, vectors, inputs] → [batch, vectors, width].</summary>
    public override Tensor forward(Tensor input)
    {
        var weights = (Split(_query).matmul(Split(_key).transpose(2, 3)) * _scale).softmax(3);
        var attended = weights.matmul(Split(_value)).transpose(1, 2).flatten(2);
        return (attended + (_residual is null ? input : _residual.forward(input))).relu();

        // [batch, head, vectors, width of a head]
        Tensor Split(Linear layer) => layer.forward(input).view(input.shape[0], input.shape[1], _heads, -1).transpose(1, 2);
    }
}
