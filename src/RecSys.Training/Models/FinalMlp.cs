using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>
/// Two multi-layer perceptrons, each behind gates of its own over the columns (<c>feature_selection</c>), whose results are joined by a bilinear
/// form. The gates are computed from the vectors of some features (<c>context1</c>, <c>context2</c>) or, without any, from a learned vector.
/// </summary>
/// <remarks>Mao et al., "FinalMLP: An Enhanced Two-Stream MLP Model for CTR Prediction", 2023.</remarks>
internal sealed class FinalMlp : CtrModel
{
    private readonly Stream[] _streams;
    private readonly Linear[] _outputs;
    private readonly Tensor _bilinear;

    public FinalMlp(ModelContext context)
        : base(context.EmbeddingSet)
    {
        var options = context.Options;
        bool hasGates = options.Boolean("feature_selection", true);
        var gateUnits = options.Int32List("gate_units", [64]);
        _streams = [.. Enumerable.Range(1, 2).Select(i => register_module($"stream{i}", new Stream(context, i, hasGates ? gateUnits : null)))];
        _outputs = [register_module("output1", torch.nn.Linear(_streams[0].Width, 1)), register_module("output2", torch.nn.Linear(_streams[1].Width, 1, hasBias: false))];
        int heads = options.Int32("heads", 1, minimum: 1);
        if (_streams.Any(s => s.Width % heads != 0))
            throw options.Error("heads", $"{heads} heads cannot share the last layers, which have {_streams[0].Width} and {_streams[1].Width} units; valid: a divisor of both");
        _bilinear = register_parameter("bilinear", torch.nn.init.xavier_normal_(torch.empty([heads, _streams[0].Width / heads, _streams[1].Width / heads])));
    }

    public override ModelOutput Forward(ModelInput input)
    {
        var vectors = input.Sets[0];
        var flat = vectors.Flatten(vectors.Fields, input.Numeric).Values;
        var x = _streams[0].Forward(vectors.Fields, flat);
        var y = _streams[1].Forward(vectors.Fields, flat);

        // [head, batch, width of a head]
        var left = Split(x).bmm(_bilinear);
        return (_outputs[0].forward(x) + _outputs[1].forward(y)).squeeze(1) + (left * Split(y)).sum([0, 2]);

        Tensor Split(Tensor stream) => stream.view(stream.shape[0], _bilinear.shape[0], -1).transpose(0, 1).contiguous();
    }

    private sealed class Stream : Module
    {
        private readonly Mlp _dnn;
        private readonly Mlp? _gate;
        private readonly Tensor? _context;
        private readonly long[] _places;

        public Stream(ModelContext context, int number, IReadOnlyList<int>? gateUnits)
        {
            var units = MlpOptions.Read(context.Options, $"hidden_units{number}", [400, 400, 400], "relu").WithLayers(context.Options, $"hidden_units{number}");
            Width = units.HiddenUnits[^1];
            _dnn = register_module("dnn", new Mlp(context.FlatWidth, units, outputs: 0));
            _places = [.. context.Options.Strings($"context{number}").Select(name => PlaceOf(context, number, name))];
            if (gateUnits is null)
                return;
            if (_places.Length == 0)
                _context = register_parameter("context", torch.zeros([1, context.Dimension]));
            _gate = register_module("gate", new Mlp(Math.Max(_places.Length, 1) * context.Dimension, new MlpOptions(gateUnits, "relu", 0, false), context.FlatWidth));
        }

        public int Width { get; }

        public Tensor Forward(Tensor fields, Tensor flat)
        {
            if (_gate is null)
                return _dnn.forward(flat);
            var context = _context ?? fields.index_select(1, torch.tensor(_places, device: fields.device)).flatten(1);
            return _dnn.forward(flat * (_gate.forward(context).sigmoid() * 2));
        }

        private static long PlaceOf(ModelContext context, int number, string name)
        {
            var features = context.Schema.EmbeddingFeatures;
            int place = features.ToList().FindIndex(f => f.Name == name);
            return place >= 0 ? place : throw context.Options.Error($"context{number}", $"the data set has no feature '{name}'; valid: {string.Join(", ", features.Select(f => f.Name))}");
        }
    }
}
