using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Every method of the registry with its options, at several dimensions and budgets.</summary>
public static class MethodCases
{
    public static readonly EmbeddingField User = new("user", 23);
    public static readonly EmbeddingField Item = new("item", 61);
    public static readonly EmbeddingField Word = new("word", 40);
    public static readonly IReadOnlyList<EmbeddingField> Fields = [User, Item, Word];

    public static TheoryData<string, string, int, double> All => Cases((_, _) => true);

    /// <summary>Those whose gradients are derivatives.</summary>
    public static TheoryData<string, string, int, double> Differentiable => Cases((definition, _) => definition.IsDifferentiable);

    /// <summary>Variants whose size is promised to be the budget within 2 % at any budget they can reach.</summary>
    public static TheoryData<string, string, int, double> ExactSize => Cases((definition, options) => definition.IsExact(options));

    public static TheoryData<string, string> Variants
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (EmbeddingMethod method in EmbeddingMethods.All)
            {
                foreach (string options in MethodDefinitions.Of(method.Name).Variants)
                    data.Add(method.Name, options);
            }

            return data;
        }
    }

    public static MethodRequest Request(string options, int dimension, Budget budget, IReadOnlyList<EmbeddingField>? fields = null, ulong seed = 1)
        => new("s", fields ?? Fields, dimension, budget, seed, _ => Initializer.Normal(0.1), Parse(options));

    public static MethodLayout Build(string name, string options, int dimension, double budget, IReadOnlyList<EmbeddingField>? fields = null, ulong seed = 1)
        => EmbeddingMethods.Get(name).Build(Request(options, dimension, Budget.OfFraction(budget), fields, seed));

    /// <summary>A layout with rows of another precision, at the smallest budget tested, or as much more as that precision needs.</summary>
    public static MethodLayout Build(string name, string options, int dimension, RowPrecision precision)
    {
        double budget = MethodDefinitions.Of(name).Budgets(options, dimension)[^1];
        MethodRequest request = Request(options, dimension, Budget.OfFraction(budget)) with { Precision = precision };
        try
        {
            return EmbeddingMethods.Get(name).Build(request);
        }
        catch (BudgetException e)
        {
            return EmbeddingMethods.Get(name).Build(request with { Budget = Budget.OfBytes(e.SmallestByteCount) });
        }
    }

    private static TheoryData<string, string, int, double> Cases(Func<MethodDefinition, string, bool> include)
    {
        var data = new TheoryData<string, string, int, double>();
        foreach (MethodDefinition definition in EmbeddingMethods.All.Select(m => MethodDefinitions.Of(m.Name)))
        {
            foreach (string options in definition.Variants.Where(o => include(definition, o)))
            {
                foreach (int dimension in new[] { 1, 4, 7, 16 })
                {
                    foreach (double budget in definition.Budgets(options, dimension))
                        data.Add(definition.Name, options, dimension, budget);
                }
            }
        }

        return data;
    }

    private static MethodOptions Parse(string options)
        => new(options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('=')).ToDictionary(o => o[0], o => o[1]));
}
