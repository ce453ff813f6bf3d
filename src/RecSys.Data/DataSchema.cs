using System.Text.Json;
using System.Text.Json.Serialization;
using RecSys.Embeddings;

namespace RecSys.Data;

/// <summary>What a prepared data set holds; the file <c>schema.json</c> in its folder.</summary>
public sealed record DataSchema
{
    /// <summary>Name of the schema's file.</summary>
    public const string FileName = "schema.json";

    /// <summary>Version of the folder's layout that this code writes and reads.</summary>
    public const int CurrentVersion = 1;

    private const string Format = "recsys-prepared-data";

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly Lazy<IReadOnlyList<EmbeddingFeature>> _embeddingFeatures;

    /// <summary>Creates an empty schema, to be filled by its initialiser.</summary>
    public DataSchema() => _embeddingFeatures = new(CreateEmbeddingFeatures);

    private DataSchema(DataSchema original)
    {
        // The embedding features follow from what a copy changes, so they are not copied.
        (Kind, Version, Name, Features, Vocabularies) = (original.Kind, original.Version, original.Name, original.Features, original.Vocabularies);
        (Label, Tasks, Group, RowCounts, BaseRate) = (original.Label, original.Tasks, original.Group, original.RowCounts, original.BaseRate);
        (RowsPerPart, BestKnown, Files, Config) = (original.RowsPerPart, original.BestKnown, original.Files, original.Config);
        _embeddingFeatures = new(CreateEmbeddingFeatures);
    }

    /// <summary>What kind of file this is.</summary>
    [JsonPropertyName("format")]
    public string Kind { get; init; } = Format;

    /// <summary>Version of the layout.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Name of the data set.</summary>
    public string Name { get; init; } = "";

    /// <summary>The features in the order of the configuration.</summary>
    public IReadOnlyList<DataFeature> Features { get; init; } = [];

    /// <summary>Number of ids of each field, the unknown id 0 included.</summary>
    public IReadOnlyDictionary<string, long> Vocabularies { get; init; } = new Dictionary<string, long>();

    /// <summary>What the label is: a column or an SQL expression of the events.</summary>
    public string Label { get; init; } = "";

    /// <summary>Further labels, which models for several tasks learn too.</summary>
    public IReadOnlyList<DataTask> Tasks { get; init; } = [];

    /// <summary>The column whose values group rows (for AUC within users), or null.</summary>
    public string? Group { get; init; }

    /// <summary>Rows of each split.</summary>
    public IReadOnlyDictionary<DataSplit, long> RowCounts { get; init; } = new Dictionary<DataSplit, long>();

    /// <summary>Rows of a file but the last of a split: what is shuffled as a whole and held in memory by a reader.</summary>
    public int RowsPerPart { get; init; } = 262_144;

    /// <summary>Mean label of the train rows.</summary>
    public double BaseRate { get; init; }

    /// <summary>The best that any model can reach on the test rows, where the data were made by a known rule; else null.</summary>
    public BestKnown? BestKnown { get; init; }

    /// <summary>SHA-256 of every other file of the folder.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>The configuration the data set was prepared with, as YAML.</summary>
    public string Config { get; init; } = "";

    /// <summary>All features with ids, in schema order; index i belongs to <see cref="Batch.Ids"/>[i].</summary>
    [JsonIgnore]
    public IReadOnlyList<EmbeddingFeature> EmbeddingFeatures => _embeddingFeatures.Value;

    /// <summary>The features with values of their own: all but crosses, which follow from these.</summary>
    [JsonIgnore]
    public IEnumerable<DataFeature> GivenFeatures => Features.Where(feature => feature.Cross.Count == 0);

    /// <summary>Names of the numeric features in schema order: the columns of <see cref="Batch.Numeric"/>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> NumericNames => [.. Features.Where(feature => !feature.HasIds).Select(feature => feature.Name)];

    /// <summary>Number of numeric features.</summary>
    [JsonIgnore]
    public int NumericCount => Features.Count(feature => !feature.HasIds);

    /// <summary>Rows of a split.</summary>
    public long RowCount(DataSplit split) => RowCounts.GetValueOrDefault(split);

    /// <summary>Reads the schema of a folder.</summary>
    /// <exception cref="DataException">There is none, or it is broken or of another version.</exception>
    public static DataSchema Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new DataException($"{path}: there is no such file; valid: a folder written by 'recsys prepare'");
        try
        {
            DataSchema schema = JsonSerializer.Deserialize<DataSchema>(File.ReadAllText(path), s_json)
                ?? throw new DataException($"{path}: holds no schema");
            return schema.Kind == Format && schema.Version == CurrentVersion
                ? schema
                : throw new DataException($"{path}: is '{schema.Kind}' version {schema.Version}; valid: '{Format}' version {CurrentVersion}. Prepare the data again");
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}: is no schema of this version ({error.Message}); prepare the data again", error);
        }
    }

    /// <summary>Writes the schema into a folder.</summary>
    public void Save(string folder)
    {
        string path = Path.Combine(folder, FileName);
        string temporary = path + ".tmp";
        using (FileStream stream = File.Create(temporary))
        {
            JsonSerializer.Serialize(stream, this, s_json);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Checks that the ids and numbers of another data set mean what they mean in this one.</summary>
    /// <param name="other">The other data set's schema.</param>
    /// <param name="folder">The other data set's folder.</param>
    /// <exception cref="DataException">A feature is missing or of another kind, or a vocabulary is another one.</exception>
    public void RequireSameFeatures(DataSchema other, string folder)
    {
        string path = Path.Combine(folder, FileName);
        foreach (DataFeature feature in Features)
        {
            DataFeature found = other.Features.FirstOrDefault(candidate => candidate.Name == feature.Name)
                ?? throw new DataException($"{path}: there is no feature '{feature.Name}'; needed are {string.Join(", ", Features.Select(needed => needed.Name))}");
            if (found.Kind != feature.Kind || found.Field != feature.Field || found.Transform != feature.Transform)
                throw new DataException($"{path}: feature '{feature.Name}' is {Describe(found)}, but {Describe(feature)} is needed");
        }

        foreach ((string field, long size) in Vocabularies)
        {
            if (other.Vocabularies[field] != size || other.VocabularyHash(field) != VocabularyHash(field))
                throw new DataException($"{path}: field '{field}' has another vocabulary ({other.Vocabularies[field]} ids) than is needed ({size} ids); its ids would mean other values");
        }

        static string Describe(DataFeature feature) => $"{feature.Kind} of field '{feature.Field}' with transform {feature.Transform}";
    }

    /// <summary>Name of a split's folder.</summary>
    internal static string FolderOf(DataSplit split) => split switch
    {
        DataSplit.Train => "train",
        DataSplit.Validation => "validation",
        _ => "test",
    };

    /// <summary>Whether a folder holds a prepared data set, of any version.</summary>
    internal static bool IsIn(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) && File.ReadAllText(path).Contains(Format, StringComparison.Ordinal);
    }

    private string? VocabularyHash(string field) => Files.GetValueOrDefault($"vocabulary/{field}.parquet");

    private EmbeddingFeature[] CreateEmbeddingFeatures()
    {
        Dictionary<string, EmbeddingField> fields = Vocabularies.ToDictionary(entry => entry.Key, entry => new EmbeddingField(entry.Key, entry.Value));
        return [.. Features.Where(feature => feature.HasIds).Select(feature => new EmbeddingFeature(feature.Name, fields[feature.Field], feature.Kind == FeatureKind.Categorical))];
    }
}
