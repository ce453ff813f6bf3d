using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Training.Configuration;

namespace RecSys.Training.Compression;

/// <summary>What a finished run is turned into. Without a budget its tables keep their shapes and only change their precision.</summary>
public sealed record CompressionOptions
{
    private const string MethodKey = "embedding.method";
    private const string PrecisionKey = "embedding.precision";

    /// <summary>Name of the method.</summary>
    /// <value>null by default: the run's own.</value>
    public string? Method { get; init; }

    /// <summary>Serving bytes over all embedding sets: a fraction of the full tables or bytes, as in a configuration.</summary>
    /// <value>null by default: those of the run, in another precision.</value>
    public string? Budget { get; init; }

    /// <summary>Name of the rows' precision.</summary>
    /// <value>null by default: the run's own.</value>
    public string? Precision { get; init; }

    /// <summary>Further settings of the method and the precision, such as <c>embedding.method.block=10</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The settings that turn the configuration of a run into that of the compressed one.</summary>
    /// <param name="run">Method of the run.</param>
    /// <exception cref="ConfigException">The method cannot be applied after training, the budget is missing, or a setting is about something else.</exception>
    internal IReadOnlyList<string> Overrides(MethodSpec run)
    {
        if (Settings.FirstOrDefault(s => !s.StartsWith(MethodKey + ".", StringComparison.Ordinal) && !s.StartsWith(PrecisionKey + ".", StringComparison.Ordinal)) is { } other)
            throw new ConfigException($"--set: '{other}' cannot be changed after training; valid: {MethodKey}.KEY=VALUE, {PrecisionKey}.KEY=VALUE");
        string method = Method ?? run.Method.Name;
        if (Budget is null && method == run.Method.Name)
            return KeptShapes(run);

        if (EmbeddingMethods.AfterTraining.All(m => m.Name != method))
            throw new ConfigException(NotAfterTraining(method, method == run.Method.Name ? "; without --budget, --precision puts its rows into another precision" : ""));
        if (Budget is null)
            throw new ConfigException($"--budget is missing: how small '{method}' makes the tables; valid: a fraction of the full tables such as 0.1, or bytes such as 1.6MB");

        string options = method == run.Method.Name && run.Options.Names.Any() ? $", {run.Options}" : "";
        List<string> overrides = [$"{MethodKey}={{name: {method}, budget: {Budget}{options}}}"];
        if (Precision is not null)
            overrides.Add($"{PrecisionKey}={{name: {Precision}}}");
        else if (run.SizedFor != run.Precision)
            overrides.Add($"{PrecisionKey}.sized_for=null");
        return [.. overrides, .. Settings];
    }

    /// <summary>The message about a method that has to be trained.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="hint">What else can be done.</param>
    internal static string NotAfterTraining(string method, string hint = "")
    {
        string[] valid = [.. EmbeddingMethods.AfterTraining.Select(m => m.Name)];
        string nearest = EmbeddingMethods.All.Any(m => m.Name == method) ? "" : NearestName.Hint(method, valid);
        return $"method '{method}' cannot be applied after training; {nearest}valid: {string.Join(", ", valid)}{hint}";
    }

    private IReadOnlyList<string> KeptShapes(MethodSpec run)
    {
        if (Precision is null && Settings.Count == 0)
            throw new ConfigException($"there is nothing to change: give --precision to put the rows of '{run.Method.Name}' into another precision, or --method and --budget");
        if (Precision is null)
            return Settings;
        return [$"{PrecisionKey}={{name: {Precision}, sized_for: {AsWritten(run.SizedFor)}}}", .. Settings];
    }

    private static string AsWritten(RowPrecision precision) => precision.IsInteger
        ? FormattableString.Invariant($"{{name: {RowPrecision.Names[(int)precision.Format]}, scale: {RowPrecision.ScaleNames[(int)precision.Scale]}, step: {precision.Step}}}")
        : precision.ToString();
}
