using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// MMoE: several tasks over <c>experts</c>, multi-layer perceptrons of the same input. Each task mixes what they say by the softmax of a gate of its own,
/// so tasks that have little in common need not share.
/// </summary>
/// <remarks>Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", 2018.</remarks>
internal sealed class MixtureOfExperts : CtrModel
{
    private readonly List<Mlp> _experts;
    private readonly List<Mlp> _gates;
    private readonly TaskTowers _towers;

    public MixtureOfExperts(ModelContext context)
        : base(context.EmbeddingSet)
    {
        var options = context.Options;
        var units = MlpOptions.Read(options, "expert_hidden_units", [256, 128], "relu").WithLayers(options, "expert_hidden_units");
        var gateUnits = new MlpOptions(options.Int32List("gate_hidden_units", []), "relu", 0, false);
        int experts = options.Int32("experts", 4, minimum: 1);
        _experts = [.. Enumerable.Range(0, experts).Select(i => register_module($"expert{i}", new Mlp(context.FlatWidth, units, outputs: 0)))];
        _towers = register_module("towers", new TaskTowers(context, units.HiddenUnits[^1]));
        _gates = [.. Enumerable.Range(0, _towers.Count).Select(i => register_module($"gate{i}", new Mlp(context.FlatWidth, gateUnits, experts)))];
    }

    public override bool LearnsTasks => true;

    public override ModelOutput Forward(ModelInput input)
    {
        var flat = input.Sets[0].Flatten(input.Sets[0].Fields, input.Numeric);

        // [batch, expert, width]
        var said = torch.stack([.. _experts.Select(expert => expert.Forward(flat.Through))], 1);
        return _towers.Forward(input, task => (_gates[task].Forward(flat.Through).softmax(1).unsqueeze(2) * said).sum(1));
    }
}
