using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Layers of self-attention over the vectors of a sample. With <c>hidden_units</c> a multi-layer perceptron beside them (AutoInt+), with
/// <c>linear: true</c> a linear model too. Numeric features go to the outputs.
/// </summary>
/// <remarks>Song et al., "AutoInt: Automatic Feature Interaction Learning via Self-Attentive Neural Networks", 2019.</remarks>
internal sealed class AutoInt : CtrModel
{
    private readonly List<SelfAttention> _layers = [];
    private readonly Linear _output;
    private readonly LinearTerm? _firstOrder;
    private readonly Mlp? _dnn;

    public AutoInt(ModelContext context)
        : base(context.Options.Boolean("linear", false) ? [context.LinearSet, context.EmbeddingSet] : [context.EmbeddingSet])
    {
        var options = context.Options;
        int width = context.Dimension;
        int heads = options.Int32("attention_heads", 2, minimum: 1);
        int attention = options.Int32("attention_dimension", 32, minimum: heads);
        if (attention % heads != 0)
            throw options.Error("attention_dimension", $"{attention} cannot be shared by {heads} heads; valid: a multiple of {heads}");
        bool isScaled = options.Boolean("attention_scale", false);
        int layers = options.Int32("attention_layers", 3, minimum: 1);
        for (int i = 0; i < layers; i++, width = attention)
            _layers.Add(register_module($"attention{i}", new SelfAttention(width, attention, heads, isScaled)));
        _output = register_module("attention_output", torch.nn.Linear((context.AllPooled.Count * attention) + context.Schema.NumericCount, 1));
        if (Sets.Count > 1)
            _firstOrder = register_module("first_order", new LinearTerm(context.Schema.NumericCount));
        var units = MlpOptions.Read(options, "hidden_units", [], "relu");
        if (units.HiddenUnits.Count > 0)
            _dnn = register_module("dnn", new Mlp(context.FlatWidth, units));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[^1];
        var attended = _layers.Aggregate(vectors.Fields, (x, layer) => layer.forward(x)).flatten(1);
        var logits = _output.forward(input.Numeric is null ? attended : torch.cat([attended, input.Numeric], 1)).squeeze(1);
        if (_firstOrder is not null)
            logits += _firstOrder.Forward(input.Sets[0].Fields, input.Numeric);
        return _dnn is null ? logits : logits + _dnn.Forward(vectors.Flatten(vectors.Fields, input.Numeric).Through).squeeze(1);
    }
}
