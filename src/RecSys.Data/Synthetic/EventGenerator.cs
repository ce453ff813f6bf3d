namespace RecSys.Data.Synthetic;

/// <summary>
/// Generates the rows of a synthetic log in time order, the same at every run. Labels do not feed back into later rows,
/// so ids can be drawn before the bias of the logit is known.
/// </summary>
internal sealed class EventGenerator
{
    private const ulong IdStream = 1;
    private const ulong EffectStream = 2;
    private const ulong PairStream = 3;
    private const ulong InterestStream = 4;

    private readonly SyntheticOptions _options;
    private readonly PowerLawSampler[] _samplers;
    private readonly LatentEffects[] _effects;
    private readonly PowerLawSampler? _interestItems;

    internal EventGenerator(SyntheticOptions options)
    {
        options.ThrowIfWrong();
        _options = options;
        _samplers = [.. options.Fields.Select(field => new PowerLawSampler(field.Cardinality, field.Exponent))];
        _effects = [.. options.Fields.Select((field, index) => new LatentEffects(field, HasVectors(options, index), Stream(EffectStream, (ulong)index)))];
        if (options.History is { } history)
        {
            SyntheticField items = options.Fields[history.Item];
            _interestItems = new PowerLawSampler(Math.Max(1, items.Cardinality / options.Fields[history.Category].Cardinality), items.Exponent);
        }
    }

    /// <summary>Generates all rows.</summary>
    /// <param name="onRow">Told the row's number, its ids and its logit without the bias.</param>
    internal void Run(RowAction onRow)
    {
        SplitMix random = Stream(IdStream, 0);
        int[] ids = new int[_options.Fields.Count];
        HistoryRing? seen = _options.History is { } history ? new HistoryRing(_options.Fields[history.User].TotalCardinality, history.Length) : null;
        for (int row = 0; row < _options.RowCount; row++)
        {
            for (int field = 0; field < ids.Length; field++)
                ids[field] = _samplers[field].Next(ref random) + Shift(_options.Fields[field], row);
            double logit = seen is null ? 0 : Behave(seen, ids, ref random);
            onRow(row, ids, logit + Score(ids));
        }
    }

    private static bool HasVectors(SyntheticOptions options, int field)
        => options.Pairs.Any(pair => pair.First == field || pair.Second == field) || (options.History is { SimilarityWeight: > 0 } history && history.Item == field);

    // Ids move up with time: what was new becomes old, and the newest ids are the most frequent.
    private int Shift(SyntheticField field, int row)
    {
        int added = field.TotalCardinality - field.Cardinality;
        return added == 0 ? 0 : added - (int)((long)added * row / _options.RowCount);
    }

    private double Behave(HistoryRing seen, int[] ids, ref SplitMix random)
    {
        SyntheticHistory history = _options.History!;
        int categories = _options.Fields[history.Category].Cardinality;
        int user = ids[history.User];
        if (random.NextDouble() < history.InterestShare)
        {
            SplitMix interests = Stream(InterestStream, (ulong)user);
            int category = 0;
            for (long i = random.NextBelow(history.InterestCount); i >= 0; i--)
                category = (int)interests.NextBelow(categories);
            ids[history.Item] = _interestItems!.Next(ref random) * categories + category;
        }

        ids[history.Category] = ids[history.Item] % categories;
        double logit = Match(history, seen.Of(user), ids[history.Item], categories);
        seen.Add(user, ids[history.Item]);
        return logit;
    }

    private double Match(SyntheticHistory history, ReadOnlySpan<int> behaviours, int candidate, int categories)
    {
        (int matches, double similarity) = (0, 0);
        foreach (int item in behaviours)
        {
            if (item % categories != candidate % categories)
                continue;
            matches++;
            similarity += history.SimilarityWeight > 0 ? Product(history.Item, candidate, history.Item, item) : 0;
        }

        return (history.Weight * Math.Min(matches, 2) / 2) + (history.SimilarityWeight * similarity / Math.Sqrt(Math.Max(matches, 1)));
    }

    private double Score(int[] ids)
    {
        double logit = 0;
        for (int field = 0; field < ids.Length; field++)
            logit += _effects[field].Effect(ids[field]);
        foreach (SyntheticPair pair in _options.Pairs)
            logit += Interaction(pair, ids[pair.First], ids[pair.Second]);
        return logit;
    }

    private double Interaction(SyntheticPair pair, int first, int second)
        => pair.FullRankDeviation > 0
            ? pair.FullRankDeviation * Stream(PairStream, (ulong)pair.First, (ulong)pair.Second, (ulong)first, (ulong)second).NextNormal()
            : Product(pair.First, first, pair.Second, second);

    private double Product(int firstField, int first, int secondField, int second)
    {
        ReadOnlySpan<float> left = _effects[firstField].Vector(first);
        ReadOnlySpan<float> right = _effects[secondField].Vector(second);
        double product = 0;
        for (int i = 0; i < left.Length; i++)
            product += left[i] * right[i];
        return product;
    }

    private SplitMix Stream(params ReadOnlySpan<ulong> parts)
        => new(SplitMix.Combine((ulong)_options.Seed, SplitMix.Combine(parts)));
}
