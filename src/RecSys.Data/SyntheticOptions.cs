using RecSys.Data.Configuration;

namespace RecSys.Data;

/// <summary>
/// A synthetic click log with a known rule: logit = bias + Σ effects of ids + Σ planted interactions + match with the history;
/// the label is drawn with the logistic function of it.
/// </summary>
public sealed record SyntheticOptions
{
    /// <summary>Name of the data set.</summary>
    public string Name { get; init; } = "synthetic";

    /// <summary>Number of rows.</summary>
    public int RowCount { get; init; } = 300_000;

    /// <summary>Seed of everything.</summary>
    /// <value>2026.</value>
    public long Seed { get; init; } = 2026;

    /// <summary>The fields.</summary>
    public IReadOnlyList<SyntheticField> Fields { get; init; } = [];

    /// <summary>The planted interactions.</summary>
    public IReadOnlyList<SyntheticPair> Pairs { get; init; } = [];

    /// <summary>The behaviour; null for rows that are independent of each other.</summary>
    public SyntheticHistory? History { get; init; }

    /// <summary>Mean label.</summary>
    /// <value>0.25.</value>
    public double Rate { get; init; } = 0.25;

    /// <summary>Share of the rows for validation, and again for test: the last ones.</summary>
    /// <value>0.1.</value>
    public double HoldOut { get; init; } = 0.1;

    /// <summary>Train occurrences an id needs to keep an id of its own.</summary>
    /// <value>1.</value>
    public int MinCount { get; init; } = 1;

    /// <summary>Share of the train rows, the earliest, that ids are taken from.</summary>
    /// <value>1.</value>
    public double VocabularyShare { get; init; } = 1;

    /// <summary>Whether every two fields have a cross in the prepared data.</summary>
    public bool HasCrosses { get; init; }

    /// <summary>
    /// Ten fields with crosses of every two: three pairs of small fields of which every two values have an effect of their own, and four pairs of
    /// large ones that products of vectors find, since few rows have the same two values.
    /// </summary>
    /// <param name="rowCount">Number of rows.</param>
    public static SyntheticOptions CrossedFields(int rowCount) => new()
    {
        Name = "pairs-shaped",
        RowCount = rowCount,
        Fields = [.. Enumerable.Range(0, 10).Select(i => new SyntheticField(FormattableString.Invariant($"f{i}"), i < 6 ? 20 + (2 * i) : 100 * i, 0.3))],
        Pairs = [new(0, 1, 0.7), new(2, 3, 0.7), new(4, 5, 0.7), new(6, 7), new(8, 9), new(6, 9), new(7, 8)],
        HasCrosses = true,
    };

    /// <summary>
    /// Users with histories of 200 items, of which those of the candidate's hidden category matter, each by how similar to the candidate it is in
    /// another respect.
    /// </summary>
    /// <param name="rowCount">Number of rows; a user has 500.</param>
    public static SyntheticOptions LongHistories(int rowCount) => new()
    {
        Name = "long-histories-shaped",
        RowCount = rowCount,
        Fields = [new("user", Math.Max(rowCount / 500, 1), 0) { Deviation = 0.1 }, new("item", 200, 0.3), new("category", 20, 0) { Deviation = 0 }],
        History = new SyntheticHistory(0, 1, 2) { Length = 200, InterestCount = 4, Weight = 0, SimilarityWeight = 3, HidesCategory = true },
    };

    /// <summary>A shop: users, items, categories, pages and contexts, with histories of items and categories.</summary>
    /// <param name="rowCount">Number of rows.</param>
    public static SyntheticOptions Demo(int rowCount = 400_000) => new()
    {
        Name = "demo",
        RowCount = rowCount,
        Fields =
        [
            new("user", 12_000, 0.5),
            new("item", 60_000, 0.7) { Deviation = 0.5 },
            new("category", 100, 0) { Deviation = 0.4 },
            new("page", 150_000, 0.5) { Deviation = 0.2 },
            new("city", 2_000, 1.0),
            new("device", 60, 1.1),
            new("hour", 24, 0.2),
            new("slot", 8, 0.6),
        ],
        Pairs = [new(2, 4), new(2, 5), new(2, 6), new(0, 2), new(5, 6), new(6, 7, 0.5)],
        History = new SyntheticHistory(0, 1, 2) { Length = 12, InterestShare = 0.5 },
    };

    /// <summary>
    /// The shape of Criteo's click log: 13 small fields and 26 whose sizes stand to each other as Criteo's, without histories.
    /// </summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="idCount">Ids of all fields together, roughly; each field has at least 2.</param>
    public static SyntheticOptions Criteo(int rowCount, long idCount)
    {
        int[] cardinalities =
        [
            1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194,
            27, 14992, 5461306, 10, 5652, 2173, 4, 7046547, 18, 15, 286181, 105, 142572,
        ];
        double scale = idCount / (double)cardinalities.Sum(count => (long)count);
        SyntheticField[] numbers = [.. Enumerable.Range(1, 13).Select(i => new SyntheticField(FormattableString.Invariant($"I{i}"), 40 + 5 * i, 1.1))];
        SyntheticField[] categories =
        [
            .. cardinalities.Select((count, i) => new SyntheticField(
                FormattableString.Invariant($"C{i + 1}"), (int)Math.Clamp(Math.Round(count * scale), Math.Min(count, 2), int.MaxValue / 2), 0.8 + 0.5 * (i % 6) / 5)),
        ];
        return new SyntheticOptions
        {
            Name = "criteo-shaped",
            RowCount = rowCount,
            Fields = [.. numbers, .. categories],
            Pairs =
            [
                new(13, 14), new(14, 17), new(17, 18), new(19, 20), new(22, 23), new(26, 27), new(27, 29), new(30, 31), new(0, 13), new(5, 18),
                new(18, 21, 0.5), new(29, 32, 0.5), new(2, 29, 0.5),
            ],
        };
    }

    /// <summary>Fields whose sizes fall as 1, 1/2, 1/3 …, each of them interacting with the next one: for tables that fields share, or do not.</summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="idCount">Ids of all fields together, roughly; each field has at least 4.</param>
    /// <param name="fieldCount">Number of fields, at least 2.</param>
    public static SyntheticOptions ManyFields(int rowCount, long idCount, int fieldCount)
    {
        double scale = idCount / Enumerable.Range(1, fieldCount).Sum(i => 1.0 / i);
        return new SyntheticOptions
        {
            Name = "many-fields-shaped",
            RowCount = rowCount,
            Fields = [.. Enumerable.Range(1, fieldCount).Select(i => new SyntheticField(FormattableString.Invariant($"f{i}"), (int)Math.Max(4, scale / i), 0.8 + (0.1 * (i % 5))))],
            Pairs = [.. Enumerable.Range(0, fieldCount / 2).Select(i => new SyntheticPair(2 * i, (2 * i) + 1))],
        };
    }

    /// <summary>A log whose users, items and pages come and go: over its time a fifth (items) or a third (users, pages) are replaced, the new ones being the most frequent.</summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="idCount">Ids of all fields that are alive at a time, roughly; at least 1000.</param>
    public static SyntheticOptions Drift(int rowCount, long idCount) => new()
    {
        Name = "drift-shaped",
        RowCount = rowCount,
        Fields =
        [
            new("user", (int)(idCount * 0.4), 0.8) { Churn = 0.33, Deviation = 0.5 },
            new("item", (int)(idCount * 0.3), 0.9) { Churn = 0.2, Deviation = 0.5 },
            new("page", (int)(idCount * 0.3), 0.9) { Churn = 0.33 },
            new("category", 100, 0.3),
            new("city", 500, 1.0),
            new("device", 60, 1.1),
            new("hour", 24, 0.2),
        ],
        Pairs = [new(0, 3), new(1, 4), new(2, 5), new(3, 4), new(3, 6)],
    };

    /// <summary>The shape of a large shop's log: user, candidate item and its category, five contexts, and a history of up to 50 items.</summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="idCount">Ids of all fields together, roughly; at least 1000.</param>
    public static SyntheticOptions Shop(int rowCount, long idCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(idCount, 1000);
        return new SyntheticOptions
        {
            Name = "shop-shaped",
            RowCount = rowCount,
            Fields =
            [
                new("user", (int)(idCount * 0.3), 0.5),
                new("item", (int)(idCount * 0.6), 0.8),
                new("category", (int)Math.Clamp(idCount / 1000, 2, 10_000), 0),
                new("page", (int)(idCount * 0.1), 0.9),
                new("city", 2_000, 1.0),
                new("device", 60, 1.1),
                new("hour", 24, 0.2),
                new("slot", 8, 0.6),
            ],
            History = new SyntheticHistory(0, 1, 2) { Length = 50, InterestShare = 0.5 },
        };
    }

    /// <summary>Reads a configuration with the section <c>synthetic: {shape: criteo, rows: 1000000, ids: 200000}</c>.</summary>
    /// <param name="node">The configuration of a data set.</param>
    /// <exception cref="ConfigException">A key is unknown, or a value is out of range.</exception>
    internal static SyntheticOptions Read(ConfigNode node)
    {
        ConfigNode synthetic = node.Section("synthetic");
        string shape = synthetic.Choice("shape", "criteo", "criteo", "shop", "pairs", "long_histories", "fields", "drift", "demo");
        int rows = synthetic.Int32("rows", 1_000_000, 10);
        SyntheticOptions options = shape switch
        {
            "criteo" => Criteo(rows, synthetic.Int64("ids", 200_000, 1000, int.MaxValue)),
            "shop" => Shop(rows, synthetic.Int64("ids", 200_000, 1000, int.MaxValue)),
            "pairs" => CrossedFields(rows),
            "long_histories" => LongHistories(rows),
            "fields" => ManyFields(rows, synthetic.Int64("ids", 200_000, 1000, int.MaxValue), synthetic.Int32("fields", 10, 2, 1000)),
            "drift" => Drift(rows, synthetic.Int64("ids", 200_000, 1000, int.MaxValue)),
            _ => Demo(rows),
        };
        options = options with
        {
            Name = node.String("name"),
            Seed = node.Int64("seed", options.Seed, 0),
            MinCount = node.Int32("min_count", options.MinCount, 1),
            VocabularyShare = node.Double("vocabulary_share", options.VocabularyShare, 0.001, 1),
        };
        node.ThrowOnUnknownKeys();
        return options;
    }

    internal void ThrowIfWrong()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(RowCount, 10);
        if (!(Rate is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(Rate), Rate, "The rate must be above 0 and below 1.");
        if (!(HoldOut is > 0 and < 0.5))
            throw new ArgumentOutOfRangeException(nameof(HoldOut), HoldOut, "The share held out must be above 0 and below 0.5.");
        foreach (SyntheticPair pair in Pairs)
        {
            if (pair.First < 0 || pair.First >= Fields.Count || pair.Second < 0 || pair.Second >= Fields.Count)
                throw new ArgumentOutOfRangeException(nameof(Pairs), pair, $"A pair names a field that does not exist; valid: 0 … {Fields.Count - 1}.");
        }
    }
}
