using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Configuration;

/// <summary>A compression method with its budget and options, and the precision of its rows.</summary>
/// <param name="Method">The method.</param>
/// <param name="Budget">Serving bytes allowed.</param>
/// <param name="FullShare">Share of the budget that the smallest fields may take in full: 0 … 1.</param>
/// <param name="Options">Options of the method.</param>
/// <param name="Precision">How rows are kept.</param>
/// <param name="SizedFor">
/// Precision of the rows that the budget was spent on: it decides how many rows there are. It differs from <paramref name="Precision"/> where rows were put into
/// another one after training.
/// </param>
/// <param name="Source">Where it was written, for messages.</param>
public sealed record MethodSpec(
    EmbeddingMethod Method, Budget Budget, double FullShare, MethodOptions Options, RowPrecision Precision, RowPrecision SizedFor, ConfigNode Source)
{
    // A tenth of the budget keeps every field of up to some hundred ids whole in data with ids by the million, and costs a method little.
    private const double DefaultFullShare = 0.1;

    /// <summary>Name, options and precision, as shown in tables: <c>qr</c>, <c>qr (combine: add)</c>, <c>full, int8</c>.</summary>
    public string Label => Precision.Format == RowFormat.Fp32 ? MethodLabel : $"{MethodLabel}, {Precision}";

    /// <summary>Name and options: <c>qr</c>, <c>qr (combine: add)</c>.</summary>
    public string MethodLabel
    {
        get
        {
            string share = FullShare == DefaultFullShare || IsFull ? "" : FormattableString.Invariant($"full_share: {FullShare}");
            string[] settings = [.. new[] { Options.ToString(), share }.Where(s => s.Length > 0)];
            return settings.Length > 0 ? $"{Method.Name} ({string.Join(", ", settings)})" : Method.Name;
        }
    }

    /// <summary>True when every id has a row of its own.</summary>
    public bool IsFull => Method.Name == "full";

    /// <summary>One row per id, in the same precision.</summary>
    public MethodSpec InFull => this with { Method = EmbeddingMethods.Get("full"), Budget = Budget.Full, Options = MethodOptions.Empty };

    /// <summary>True when another specification, at the same place of a configuration, gives tables of the same shapes.</summary>
    /// <param name="other">The other one.</param>
    public bool HasShapesOf(MethodSpec other)
        => Method == other.Method
            && Budget == other.Budget
            && FullShare == other.FullShare
            && Options.ToString() == other.Options.ToString()
            && SizedFor.ToString() == other.SizedFor.ToString();

    /// <summary>Reads <c>method: {name: qr, budget: 0.1, full_share: 0.1, …}</c> and <c>precision: {name: int8, …}</c>.</summary>
    /// <param name="parent">Section that has these keys.</param>
    /// <param name="inherited">Gives the precision when there is no such key; null for fp32.</param>
    /// <exception cref="ConfigException">Unknown method or precision, or a bad budget.</exception>
    internal static MethodSpec Read(ConfigNode parent, MethodSpec? inherited)
    {
        var precision = inherited?.Precision ?? RowPrecision.Fp32;
        var sizedFor = inherited?.SizedFor ?? precision;
        if (parent.Has("precision"))
        {
            var own = parent.SectionOrName("precision");
            precision = ReadPrecision(own);
            sizedFor = own.Has("sized_for") ? ReadPrecision(own.SectionOrName("sized_for")) : precision;
        }

        var node = parent.SectionOrName("method");
        string name = node.String("name", "full");
        string budget = node.String("budget", "1");
        double fullShare = node.Double("full_share", DefaultFullShare, minimum: 0, maximum: 1);
        var options = node.Scalars().Where(e => e.Key is not ("name" or "budget" or "full_share")).ToDictionary(e => e.Key, e => e.Value);
        try
        {
            return new MethodSpec(EmbeddingMethods.Get(name), Budget.Parse(budget), fullShare, new MethodOptions(options), precision, sizedFor, node);
        }
        catch (FormatException e)
        {
            throw node.Error("budget", e.Message);
        }
        catch (ArgumentException e)
        {
            throw node.Error("name", e.Message);
        }
    }

    private static RowPrecision ReadPrecision(ConfigNode node)
    {
        try
        {
            var precision = RowPrecision.Parse(node.String("name", "fp32")) with
            {
                IsStochastic = node.Choice("rounding", "stochastic", "stochastic", "nearest") == "stochastic",
            };
            if (!precision.IsInteger)
                return precision;
            return precision with
            {
                Scale = (RowScale)RowPrecision.ScaleNames.ToList().IndexOf(node.Choice("scale", "row", [.. RowPrecision.ScaleNames])),
                Step = (float)node.Double("step", precision.Step, minimum: 1e-8),
                StepLearningRate = (float)node.Double("step_learning_rate", precision.StepLearningRate, minimum: 0),
            };
        }
        catch (ArgumentException e)
        {
            throw node.Error("name", e.Message);
        }
    }
}
