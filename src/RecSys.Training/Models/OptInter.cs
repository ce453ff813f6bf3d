using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>
/// OptInter: each pair of features that the data set has a cross of is either memorised (a vector of its own per pair of values),
/// factorised (the product, number by number, of two vectors from a set of their own), or left out. A search trains all three at once, mixed by
/// the softmax of a score each (<c>temperature</c> falls with the steps; <c>gumbel</c> adds noise to the scores); then the ways with the highest
/// scores are taken, and the model is trained from the start. All vectors of width <c>interaction_dimension</c> stand beside those of the features.
/// </summary>
/// <remarks>Lyu et al., "Memorize, Factorize, or be Naïve: Learning Optimal Feature Interaction Methods for CTR Prediction", ICDE 2022; its
/// search mixes without noise.</remarks>
internal sealed class OptInter : CtrModel
{
    private const string Choices = "choices";
    private const int Memorize = 0;
    private const int Factorize = 1;
    private const int Ways = 3;
    private const int BitsOfAWay = 2;

    private static readonly string[] s_ways = ["memorize", "factorize", "naive"];

    private readonly IReadOnlyList<CrossFeature> _crosses;
    private readonly Tensor? _scores;
    private readonly Tensor? _steps;
    private readonly double _decay;
    private readonly bool _hasNoise;
    private readonly long[] _firsts;
    private readonly long[] _seconds;
    private readonly int _memorizedSet;
    private readonly int _factorSet;
    private readonly Mlp _dnn;

    public OptInter(ModelContext context)
        : base(SetsOf(context))
    {
        var options = context.Options;
        _crosses = context.Crosses;
        _decay = options.Double("temperature_decay", 5e-5, minimum: 0);
        _hasNoise = options.Boolean("gumbel", false);
        int searchEpochs = options.Int32("search_epochs", 1, minimum: 1);
        (var memorized, var factorized) = Chosen(context);
        _memorizedSet = memorized.Count > 0 ? 1 : 0;
        _factorSet = factorized.Count > 0 ? _memorizedSet + 1 : 0;
        int[] places = FactorPlaces(factorized);
        _firsts = [.. factorized.Select(c => (long)places.IndexOf(c.First))];
        _seconds = [.. factorized.Select(c => (long)places.IndexOf(c.Second))];
        int interactions = memorized.Count + factorized.Count;
        if (context.Decided is null)
        {
            SearchEpochs = searchEpochs;
            interactions = _crosses.Count;
            _scores = register_parameter("scores", torch.zeros([_crosses.Count, Ways]));
            _steps = register_buffer("steps", torch.zeros([1]));
        }

        int width = context.FlatWidth + (interactions * InteractionDimension(context));
        _dnn = register_module("dnn", new Mlp(width, MlpOptions.Read(options, "hidden_units", [700, 700, 700, 700, 700], "relu", layerNorm: true)));
    }

    public override int? SearchEpochs { get; }

    public override IReadOnlyDictionary<string, string> Decisions(MethodState decided)
        => _crosses.Index().ToDictionary(c => c.Item.Name, c => s_ways[decided.Arrays[Choices][c.Index]]);

    public override MethodState EndSearch()
    {
        using var scope = torch.NewDisposeScope();
        var best = _scores!.argmax(1).to(torch.CPU);
        var choices = new PackedArray(_crosses.Count, BitsOfAWay);
        foreach ((int i, long way) in best.Data<long>().ToArray().Index())
            choices[i] = (uint)way;
        return new MethodState(phase: 1, new Dictionary<string, PackedArray> { [Choices] = choices });
    }

    public override ModelOutput Forward(ModelInput input)
    {
        List<Tensor?> interactions = [];
        if (_memorizedSet > 0)
            interactions.Add(input.Sets[_memorizedSet].Fields);
        if (_factorSet > 0)
            interactions.Add(Factors(input.Sets[_factorSet].Fields));
        if (_scores is not null)
            interactions = [Mix(interactions[0]!, interactions[1]!, isTraining: input.Labels is not null)];
        var vectors = input.Sets[0];
        return _dnn.Forward(vectors.Flatten(vectors.Fields, [.. interactions.Select(i => i!.flatten(1)), input.Numeric]).Through).squeeze(1);
    }

    private Tensor Factors(Tensor vectors) => vectors.index_select(1, Places(_firsts, vectors)) * vectors.index_select(1, Places(_seconds, vectors));

    private static Tensor Places(long[] places, Tensor vectors) => torch.tensor(places, [places.Length]).to(vectors.device);

    // What is left out adds nothing to the mixture.
    private Tensor Mix(Tensor memorized, Tensor factorized, bool isTraining)
    {
        var weights = torch.nn.functional.softmax(Noisy(_scores!, isTraining) / Temperature(), 1);
        if (isTraining)
        {
            using (torch.no_grad())
                _steps!.add_(1);
        }

        return (memorized * weights.narrow(1, Memorize, 1)) + (factorized * weights.narrow(1, Factorize, 1));
    }

    // Gumbel noise: −ln(−ln u).
    private Tensor Noisy(Tensor scores, bool isTraining)
        => isTraining && _hasNoise ? scores - (-torch.rand(scores.shape).to(scores.device).clamp(1e-10).log()).clamp(1e-10).log() : scores;

    private Tensor Temperature() => (1 - (_steps! * _decay)).clamp(0.01);

    private static int InteractionDimension(ModelContext context) => context.Options.Int32("interaction_dimension", Math.Max(context.Dimension / 2, 1), minimum: 1);

    // A search has both of every pair.
    private static (IReadOnlyList<CrossFeature> Memorized, IReadOnlyList<CrossFeature> Factorized) Chosen(ModelContext context)
    {
        var crosses = context.Crosses.Count > 0
            ? context.Crosses
            : throw context.Options.Error("name", "model 'optinter' needs crosses, between which and products it chooses; this data set has none: prepare it with a section 'crosses'");
        if (context.Decided is not { } decided)
            return (crosses, crosses);
        var choices = decided.Array(Choices, crosses.Count);
        return (Of(Memorize), Of(Factorize));

        List<CrossFeature> Of(int way) => [.. crosses.Where((_, i) => choices[i] == way)];
    }

    private static int[] FactorPlaces(IEnumerable<CrossFeature> factorized) => [.. factorized.SelectMany(c => (int[])[c.First, c.Second]).Distinct().Order()];

    private static SetRequest[] SetsOf(ModelContext context)
    {
        (var memorized, var factorized) = Chosen(context);
        int dimension = InteractionDimension(context);
        List<SetRequest> sets = [context.EmbeddingSet];
        if (memorized.Count > 0)
            sets.Add(new SetRequest("cross", dimension, [.. memorized.Select(c => new PooledFeature(c.Feature, Pooling.Mean))]));
        if (factorized.Count > 0)
            sets.Add(new SetRequest("factor", dimension, [.. FactorPlaces(factorized).Select(p => context.AllPooled[p])]));
        return [.. sets];
    }
}
