using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Cross layers x₀ ⊙ (W·x + b) + x over all vectors side by side, and a multi-layer perceptron: beside them (<c>structure:
/// parallel</c>, both joined by one linear output), on top of them (<c>stacked</c>), both (<c>stacked_parallel</c>) or none
/// (<c>cross_only</c>). With <c>low_rank</c> the layers are those of <see cref="LowRankCross"/>.
/// </summary>
/// <remarks>Wang et al., "DCN V2: Improved Deep &amp; Cross Network and Practical Lessons for Web-scale Learning to Rank Systems",
/// 2021.</remarks>
internal sealed class DeepCrossNetwork : CtrModel
{
    private readonly List<Linear> _crosses = [];
    private readonly LowRankCross? _lowRank;

    // What the logit is the sum of: a linear layer or a perceptron over the crosses, a perceptron over the vectors.
    private readonly Linear? _crossOutput;
    private readonly Mlp? _stacked;
    private readonly Mlp? _dnn;

    public DeepCrossNetwork(ModelContext context)
        : base(context.EmbeddingSet)
    {
        var options = context.Options;
        int width = context.FlatWidth;
        int layers = options.Int32("cross_layers", 3, minimum: 1);
        int rank = options.Int32("low_rank", 0, minimum: 0);
        if (rank > 0)
            _lowRank = register_module("crosses", new LowRankCross(width, layers, options.Int32("experts", 4, minimum: 1), rank));
        for (int i = 0; rank == 0 && i < layers; i++)
            _crosses.Add(register_module($"cross{i}", torch.nn.Linear(width, width)));

        // The last layer that is there has the bias.
        string structure = options.Choice("structure", "parallel", "parallel", "stacked", "stacked_parallel", "cross_only");
        if (structure is "parallel" or "cross_only")
            _crossOutput = register_module("cross_output", torch.nn.Linear(width, 1, hasBias: structure == "cross_only"));
        if (structure == "cross_only")
            return;
        var units = MlpOptions.Read(options, "hidden_units", [400, 400, 400], "relu");
        if (structure is "stacked" or "stacked_parallel")
            _stacked = register_module(structure == "stacked" ? "dnn" : "stacked", new Mlp(width, units));
        if (structure is "parallel" or "stacked_parallel")
            _dnn = register_module("dnn", new Mlp(width, units));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric);
        var crossed = _lowRank is not null
            ? _lowRank.forward(vectors.Values)
            : torch.nn.functional.cross_layers(vectors.Values, vectors.Through(_crosses[0]), [.. _crosses.Skip(1).Select(c => c.weight)], [.. _crosses.Skip(1).Select(c => c.bias!)]);
        Tensor?[] parts = [_crossOutput?.forward(crossed), _stacked?.forward(crossed), _dnn?.Forward(vectors.Through)];
        return parts.OfType<Tensor>().Aggregate((a, b) => a + b).squeeze(1);
    }
}
