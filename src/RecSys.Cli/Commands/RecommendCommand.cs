using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys recommend</c>: the method to take at a budget, by the results of studies.</summary>
internal static class RecommendCommand
{
    private const string Results = "results.jsonl";

    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "Folder of a study with results.jsonl, or of a run, for whose model and data set studies are looked up." };
        var budget = new Option<string>("--budget") { Description = "Bytes to serve: a share of the full tables (0.1) or bytes (1.6MB).", Required = true };
        var dataset = new Option<string?>("--dataset") { Description = "Only this data set of the study." };
        var model = new Option<string?>("--model") { Description = "Only this model of the study." };
        var studies = new Option<string>("--studies") { Description = "For a run: folder of the studies.", DefaultValueFactory = _ => "experiments" };
        var json = CommonOptions.Json();
        var command = new Command("recommend", "Names the method to take at a budget, and why, by the results of a study.") { source, budget, dataset, model, studies, json };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(source);
            var (wanted, found) = File.Exists(Path.Combine(folder, Results))
                ? (Budget.Parse(parsed.GetRequiredValue(budget)), Of(Path.Combine(folder, Results)))
                : OfRun(folder, Budget.Parse(parsed.GetRequiredValue(budget)), parsed.GetValue(studies)!);
            ModelStudy[] chosen = [.. found.Where(s => (parsed.GetValue(dataset) ?? s.Dataset) == s.Dataset && (parsed.GetValue(model) ?? s.Model) == s.Model)];
            if (chosen.Length == 0)
                throw new DataException($"{folder}: there is no such data set and model; valid: {Names(found)}");
            Write([.. chosen.Select(study => Recommendation.At(study, wanted))], parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(IReadOnlyList<Recommendation> recommendations, bool json, TextWriter output)
    {
        if (!json)
        {
            output.Write(string.Join('\n', recommendations));
            return;
        }

        var lines = new JsonLines(output);
        lines.Write("result", new
        {
            Recommendations = recommendations.Select(r => new
            {
                r.Study.Dataset,
                r.Study.Model,
                Budget = r.Choice.Budget.Budget,
                Method = r.Best.Name,
                r.Best.Runs[0].Settings,
                EmbeddingBytes = r.Best.Bytes,
                ValidationAuc = r.Best.ValidationAuc.Mean,
                Auc = r.Best.Auc.Mean,
                AucDeviation = r.Best.Auc.Deviation,
                r.Best.LookupNanoseconds,
                r.LostToFull,
                r.Choice.Level,
                Next = r.Next?.Name,
                Faster = r.Faster?.Name,
            }),
        });
    }

    // Those with the run's data set and model, or with its data set alone.
    private static (Budget Budget, IReadOnlyList<ModelStudy> Studies) OfRun(string folder, Budget budget, string studies)
    {
        if (!File.Exists(Path.Combine(folder, RunDirectory.ConfigFile)))
            throw new DataException($"{folder}: has neither {Results} nor {RunDirectory.ConfigFile}; valid: the folder of a study or of a run");
        using var run = TrainedRun.Open(folder);
        string dataset = run.Data.Schema.Name;
        string model = run.Config.Model.Name;
        var all = Directory.Exists(studies)
            ? Directory.EnumerateFiles(studies, Results, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).Order(StringComparer.Ordinal).SelectMany(Of).Where(s => s.HasSeveralPoints).ToList()
            : throw new DataException($"{studies}: there is no such folder; valid: --studies FOLDER with the studies to look into");
        var same = all.Where(s => s.Dataset == dataset && s.Model == model).ToList();
        var near = same.Count > 0 ? same : all.Where(s => s.Dataset == dataset).ToList();
        if (near.Count == 0)
            throw new DataException($"{studies}: no study has the data set '{dataset}'; studied are {Names(all)}; valid: a study of it, or the folder of one of these");
        // As a share, since the run's tables may be wider than those of the study.
        return (budget.ByteCount < 0 ? budget : Budget.OfFraction(Math.Min(1, (double)budget.ByteCount / run.Bytes.Full)), near);
    }

    private static IReadOnlyList<ModelStudy> Of(string file)
    {
        var lines = ResultLine.Read(file);
        if (lines[0].Bench is not null)
            return [];
        UnreachableBudget[] unreachable = [.. ResultLine.Read(file, ResultLine.Unreachable).Select(l => l.As<UnreachableBudget>())];
        return [.. RunGroup.Of(lines.Select(l => l.As<RunReport>())).GroupBy(p => (p.Dataset, p.Model)).Select(g => new ModelStudy([.. g], unreachable))];
    }

    private static string Names(IEnumerable<ModelStudy> studies) => string.Join(", ", studies.Select(s => $"{s.Model} on {s.Dataset}").Distinct());
}
