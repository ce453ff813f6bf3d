using RecSys.Data.Configuration;

namespace RecSys.Training.Models;

/// <summary>Shape of a multi-layer perceptron.</summary>
/// <param name="HiddenUnits">Width of each hidden layer.</param>
/// <param name="Activation"><c>relu</c>, <c>prelu</c>, <c>sigmoid</c> or <c>dice</c>.</param>
/// <param name="Dropout">Probability of zeroing a hidden unit, 0 ≤ p &lt; 1.</param>
/// <param name="BatchNorm">Batch normalisation between linear layer and activation.</param>
/// <param name="LayerNorm">Layer normalisation there.</param>
internal sealed record MlpOptions(IReadOnlyList<int> HiddenUnits, string Activation, double Dropout, bool BatchNorm, bool LayerNorm = false)
{
    /// <summary>Reads <c>hidden_units</c> (or another key), <c>activation</c>, <c>dropout</c>, <c>batch_norm</c>, <c>layer_norm</c>.</summary>
    public static MlpOptions Read(ConfigNode options, string unitsKey, IReadOnlyList<int> units, string activation, bool layerNorm = false)
        => new(
            options.Int32List(unitsKey, units),
            options.Choice("activation", activation, "relu", "prelu", "sigmoid", "dice"),
            options.Double("dropout", 0, 0, 0.999),
            options.Boolean("batch_norm", false),
            options.Boolean("layer_norm", layerNorm));

    /// <summary>The same, where other networks compute from its last hidden layer.</summary>
    /// <exception cref="ConfigException">There is no hidden layer.</exception>
    public MlpOptions WithLayers(ConfigNode options, string unitsKey)
        => HiddenUnits.Count > 0 ? this : throw options.Error(unitsKey, "is empty; valid: one layer or more");
}
