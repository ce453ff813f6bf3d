using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;

namespace RecSys.Cli.Studies;

/// <summary>One product of a study's grid: methods at budgets, in precisions, for models on data sets.</summary>
internal sealed class StudyGrid
{
    private const string All = "all";
    private const string Fp32 = "fp32";
    private const string Full = "full";

    private static readonly Dictionary<string, string> s_full = new() { ["name"] = Full };

    private readonly IReadOnlyList<string> _datasets;
    private readonly IReadOnlyList<string> _models;
    private readonly IReadOnlyList<IReadOnlyDictionary<string, string>> _methods;
    private readonly IReadOnlyList<string> _budgets;
    private readonly IReadOnlyList<string> _precisions;
    private readonly IReadOnlyList<string> _rounded;
    private readonly bool _isAfterTraining;

    /// <summary>Reads an item of <c>grid:</c>.</summary>
    /// <param name="node">The item.</param>
    /// <param name="known">Data sets of the study.</param>
    /// <param name="datasets">Data sets that are wanted: those of the study, or another instead of whichever there is.</param>
    /// <param name="models">Models of the study.</param>
    /// <exception cref="ConfigException">A key or a value is wrong.</exception>
    public StudyGrid(ConfigNode node, IEnumerable<string> known, IReadOnlyCollection<string> datasets, IReadOnlyCollection<string> models)
    {
        _isAfterTraining = node.Has("compress");
        if (_isAfterTraining == node.Has("methods"))
            throw node.Error("", "has to have one of 'methods' (which are trained) and 'compress' (applied to the full tables after training)");
        _methods = _isAfterTraining ? Methods(node, "compress", EmbeddingMethods.AfterTraining) : Methods(node, "methods", EmbeddingMethods.All);
        _budgets = node.Has("budgets") ? node.Strings("budgets") : ["1"];
        _precisions = node.Has("precisions") ? node.Strings("precisions") : node.Has("round") ? [] : [Fp32];
        _rounded = node.Strings("round");
        string[] named = [.. Named(node, "datasets", [.. known]).Intersect(datasets)];
        _datasets = named.Length > 0 ? named : [.. datasets];
        _models = Named(node, "models", models);
        if (_isAfterTraining && _rounded.Count > 0)
            throw node.Error("round", "stands beside 'compress', which rounds anyway; valid: precisions");
        node.ThrowOnUnknownKeys();
    }

    /// <summary>The points of the product, each with what has to be trained for it.</summary>
    public IEnumerable<StudyPoint> Points()
    {
        foreach (string dataset in _datasets)
        {
            foreach (string model in _models)
            {
                foreach (string budget in _budgets)
                {
                    foreach (var method in _methods)
                    {
                        var point = new StudyPoint { Dataset = dataset, Model = model, Method = method, Budget = budget };
                        foreach (string precision in _precisions)
                            yield return point with { Precision = precision, Base = _isAfterTraining ? point with { Method = s_full, Budget = "1" } : null };

                        // As many rows as fit the budget after rounding.
                        foreach (string precision in _rounded)
                            yield return point with { Precision = precision, Base = point with { Precision = $"{{name: {Fp32}, sized_for: {precision}}}", IsHidden = true } };
                    }
                }
            }
        }
    }

    private static IReadOnlyList<IReadOnlyDictionary<string, string>> Methods(ConfigNode node, string key, IReadOnlyList<EmbeddingMethod> valid)
    {
        var named = node.SectionsOrNames(key);
        if (named is [var only] && only.String("name") == All)
            return [.. valid.Where(m => m.Name != Full).Select(m => new Dictionary<string, string> { ["name"] = m.Name })];
        string[] names = [Full, .. valid.Select(m => m.Name)];
        foreach (var method in named.Where(m => !names.Contains(m.String("name"))))
            throw method.Error("name", $"'{method.String("name")}' is none of these methods; {NearestName.Hint(method.String("name"), names)}valid: {All}, {string.Join(", ", names.Distinct())}");
        return [.. named.Select(method => method.Scalars())];
    }

    private static IReadOnlyList<string> Named(ConfigNode node, string key, IReadOnlyCollection<string> valid)
    {
        if (!node.Has(key))
            return [.. valid];
        var names = node.Strings(key);
        return names.FirstOrDefault(n => !valid.Contains(n)) is { } unknown
            ? throw node.Error(key, $"'{unknown}' is not one of the study's; valid: {string.Join(", ", valid)}")
            : names;
    }
}
