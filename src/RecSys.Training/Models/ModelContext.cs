using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;

namespace RecSys.Training.Models;

/// <summary>What the constructor of a model may use.</summary>
/// <param name="Schema">Features of the data set.</param>
/// <param name="Dimension">Width of the embedding vectors.</param>
/// <param name="Options">The model's section of the configuration.</param>
/// <param name="Decided">What the model has decided at the end of its search; null before that, and where it searches nothing.</param>
public sealed record ModelContext(DataSchema Schema, int Dimension, ConfigNode Options, MethodState? Decided = null)
{
    /// <summary>All sparse features but crosses, each reduced to one vector per sample: bags and histories by their mean.</summary>
    public IReadOnlyList<PooledFeature> AllPooled { get; } = [.. Pool(Schema, isCross: false)];

    /// <summary>The crosses, each with the places of its two features in <see cref="AllPooled"/>.</summary>
    public IReadOnlyList<CrossFeature> Crosses { get; } =
    [
        .. from cross in Pool(Schema, isCross: true)
           let name = Schema.EmbeddingFeatures[cross.Feature].Name
           let parts = Schema.Features.Single(f => f.Name == name).Cross
           let names = Pool(Schema, isCross: false).Select(f => Schema.EmbeddingFeatures[f.Feature].Name).ToList()
           select new CrossFeature(name, cross.Feature, names.IndexOf(parts[0]), names.IndexOf(parts[1])),
    ];

    /// <summary>The first-order weights of linear models: width 1, all features.</summary>
    public SetRequest LinearSet => new("linear", 1, AllPooled);

    /// <summary>The first-order weights of models that learn crosses by heart: <see cref="LinearSet"/> and the crosses.</summary>
    public SetRequest WideSet => LinearSet with { Features = [.. AllPooled, .. Pool(Schema, isCross: true)] };

    /// <summary>The vectors of interaction models: all features.</summary>
    public SetRequest EmbeddingSet => new("embedding", Dimension, AllPooled);

    /// <summary>The histories that have a candidate: features of a sequence whose field a single-id feature looks up too.</summary>
    public IReadOnlyList<HistoryFeature> Histories { get; } =
    [
        .. from history in Enumerable.Range(0, Schema.EmbeddingFeatures.Count)
           let feature = Schema.EmbeddingFeatures[history]
           where Schema.Features.Any(f => f.Name == feature.Name && f.Kind == FeatureKind.Sequence)
           let candidate = Schema.EmbeddingFeatures.ToList().FindIndex(f => f.IsSingle && f.Field == feature.Field)
           where candidate >= 0
           select new HistoryFeature(feature.Name, history, candidate),
    ];

    /// <summary>All features: histories behaviour by behaviour, the others as in <see cref="EmbeddingSet"/>.</summary>
    /// <exception cref="ConfigException">The data set has no history with a candidate.</exception>
    public SetRequest HistorySet => Histories.Count > 0
        ? EmbeddingSet with { Features = [.. AllPooled.Select(f => Histories.Any(h => h.Feature == f.Feature) ? f with { Pooling = Pooling.None } : f)] }
        : throw Options.Error("name", $"model '{Options.String("name")}' needs a sequence feature whose field is also looked up by a single-id feature (the candidate); this data set has none");

    /// <summary>Where the candidates of the histories are among the vectors of <see cref="HistorySet"/>.</summary>
    public IReadOnlyList<int> CandidatePlaces
    {
        get
        {
            int[] fields = [.. HistorySet.Features.Where(f => f.Pooling != Pooling.None).Select(f => f.Feature)];
            return [.. Histories.Select(h => fields.IndexOf(h.Candidate))];
        }
    }

    /// <summary>Width of the vectors and the numeric features side by side, with as many columns more for each history.</summary>
    /// <param name="perHistory">Columns of what a model makes of a history.</param>
    public int HistoryWidth(int perHistory) => ((AllPooled.Count - Histories.Count) * Dimension) + (Histories.Count * perHistory) + Schema.NumericCount;

    /// <summary>Pairs of the vectors of <see cref="EmbeddingSet"/>.</summary>
    /// <exception cref="ConfigException">There are none.</exception>
    public int PairCount => AllPooled.Count > 1
        ? AllPooled.Count * (AllPooled.Count - 1) / 2
        : throw Options.Error("name", $"model '{Options.String("name")}' needs two sparse features or more; this data set has {AllPooled.Count}");

    /// <summary>Width of the vectors of <see cref="EmbeddingSet"/> and the numeric features side by side.</summary>
    public int FlatWidth => (AllPooled.Count * Dimension) + Schema.NumericCount;

    private static IEnumerable<PooledFeature> Pool(DataSchema schema, bool isCross)
        => schema.Features.Where(f => f.HasIds).Index().Where(f => f.Item.Cross.Count > 0 == isCross).Select(f => new PooledFeature(f.Index, Pooling.Mean));
}
