using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Every method of the registry with its options, at several dimensions and budgets.</summary>
public static class MethodCases
{
    public static readonly EmbeddingField User = new("user", 23);
    public static readonly EmbeddingField Item = new("item", 61);
    public static readonly EmbeddingField Word = new("word", 40);
    public static readonly IReadOnlyList<EmbeddingField> Fields = [User, Item, Word];

    public static TheoryData<string, string, int, double> All => Cases((_, _, _) => true);

    /// <summary>Variants whose size is promised to be the budget within 2 % at any budget they can reach.</summary>
    public static TheoryData<string, string, int, double> ExactSize
        => Cases((name, options, _) => name is "hash" or "double_hash" or "unified" || (name == "qr" && !options.Contains("collisions", StringComparison.Ordinal)));

    public static TheoryData<string, string> Variants
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (EmbeddingMethod method in EmbeddingMethods.All)
            {
                foreach (string options in Options(method.Name))
                    data.Add(method.Name, options);
            }

            return data;
        }
    }

    public static MethodRequest Request(string options, int dimension, Budget budget, IReadOnlyList<EmbeddingField>? fields = null, ulong seed = 1)
        => new("s", fields ?? Fields, dimension, budget, seed, _ => Initializer.Normal(0.1), Parse(options));

    public static MethodLayout Build(string name, string options, int dimension, double budget, IReadOnlyList<EmbeddingField>? fields = null, ulong seed = 1)
        => EmbeddingMethods.Get(name).Build(Request(options, dimension, Budget.OfFraction(budget), fields, seed));

    public static bool IsConcatOfOne(string options, int dimension) => dimension == 1 && options.Contains("concat", StringComparison.Ordinal);

    private static TheoryData<string, string, int, double> Cases(Func<string, string, int, bool> include)
    {
        var data = new TheoryData<string, string, int, double>();
        foreach (EmbeddingMethod method in EmbeddingMethods.All)
        {
            foreach (string options in Options(method.Name))
            {
                foreach (int dimension in new[] { 1, 4, 7, 16 })
                {
                    foreach (double budget in Budgets(method.Name, options, dimension))
                    {
                        if (include(method.Name, options, dimension))
                            data.Add(method.Name, options, dimension, budget);
                    }
                }
            }
        }

        return data;
    }

    private static string[] Options(string method) => method switch
    {
        "low_dimension" => ["", "projection=per_field"],
        "hash" => ["", "function=modulo"],
        "double_hash" => ["", "combine=mean", "combine=concat", "hashes=3", "hashes=3 combine=mean", "hashes=3 combine=concat"],
        "qr" => ["", "combine=add", "combine=concat", "collisions=4", "collisions=4 combine=concat"],
        "unified" => ["", "chunks=1", "chunks=4"],
        _ => [""],
    };

    private static double[] Budgets(string method, string options, int dimension)
    {
        bool cannotSplit = IsConcatOfOne(options, dimension) || (method == "unified" && dimension == 7 && options != "chunks=1");
        if (cannotSplit)
            return [];
        return method switch
        {
            "full" => [1],
            "low_dimension" when dimension == 1 => [1],
            "low_dimension" => [1, 0.7],
            "qr" when options.Contains("collisions", StringComparison.Ordinal) => [1],
            _ => [1, 0.5, 0.4],
        };
    }

    private static MethodOptions Parse(string options)
        => new(options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=')).ToDictionary(o => o[0], o => o[1]));
}
