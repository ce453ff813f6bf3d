namespace RecSys.Cli.Reports;

/// <summary>The part of a report on one model on one data set.</summary>
internal sealed class StudySection
{
    private readonly ModelStudy _study;
    private readonly StudyPlots _plots;

    private StudySection(ModelStudy study, StudyPlots plots) => (_study, _plots) = (study, plots);

    /// <summary>The blocks of the part.</summary>
    /// <param name="study">Points of a model on a data set.</param>
    /// <param name="plots">Plots of the report.</param>
    public static IEnumerable<ReportBlock> Create(ModelStudy study, StudyPlots plots)
    {
        var section = new StudySection(study, plots);
        return
        [
            new ReportBlock.Heading(2, section.Title),
            .. section.Accuracy(), .. section.Logloss(), .. section.Choices(), .. section.Costs(), .. section.Slices(), .. section.SharedVectors(),
        ];
    }

    private string Title => $"{_study.Model} on {_study.Dataset}";

    private string File => $"{_study.Dataset}-{_study.Model}";

    private IEnumerable<ReportBlock> Accuracy()
    {
        yield return new ReportBlock.Heading(3, "AUC");
        yield return new ReportBlock.Table($"AUC of {Title} by method and budget", AucTable.Create(_study));
        yield return new ReportBlock.Paragraph(AucTable.Explain(_study));
        if (_plots.Auc(_study) is Plot plot)
        {
            yield return new ReportBlock.Drawing(plot, $"{File}.svg");
            yield return new ReportBlock.Paragraph(Front(plot));
        }
    }

    private IEnumerable<ReportBlock> Logloss()
    {
        if (_plots.Logloss(_study) is not Plot plot)
            yield break;
        yield return new ReportBlock.Drawing(plot, $"{File}-logloss.svg");
        yield return new ReportBlock.Paragraph(Front(plot));
    }

    private IEnumerable<ReportBlock> Choices()
    {
        if (BudgetChoice.Table(_study) is not MarkdownTable table)
            yield break;
        yield return new ReportBlock.Heading(3, "Best method for a budget");
        yield return new ReportBlock.Paragraph(
            "The point with the highest mean validation AUC that is not larger than the budget, whatever budget it was trained for; "
            + "level with it: no difference by Welch's t test on validation.");
        yield return new ReportBlock.Table($"Best method of {Title} for each budget", table);
    }

    private IEnumerable<ReportBlock> Costs()
    {
        ReportBlock[] drawings =
        [
            .. new[] { _plots.TrainingSpeed(_study), _plots.Lookup(_study), _plots.TrainingMemory(_study) }.OfType<Plot>().Select(p => new ReportBlock.Drawing(p, null)),
        ];
        if (drawings.Length > 0)
            yield return new ReportBlock.Details("Training speed, look-ups and memory in training", 3, drawings);
    }

    private IEnumerable<ReportBlock> Slices()
    {
        var tables = _study.Budgets.Select(budget => (Budget: budget, Table: SliceTable.Create(_study, budget))).Where(t => t.Table is not null).ToList();
        if (tables.Count == 0)
            yield break;
        yield return new ReportBlock.Heading(3, "AUC by frequency of an id");
        yield return new ReportBlock.Paragraph(
            "Mean test AUC over seeds of the rows whose id is frequent or not: head, the most frequent ids, which have half of the training rows; "
            + "torso, the next ones, up to nine tenths of them; tail, the other known ids; unknown, ids that training has not seen.");
        foreach (var (budget, table) in tables)
        {
            yield return new ReportBlock.Paragraph($"At {budget.Label}:");
            yield return new ReportBlock.Table($"AUC of {Title} by frequency of an id at {budget.Label}", table!);
        }
    }

    private IEnumerable<ReportBlock> SharedVectors()
    {
        if (SharedVectorTable.Create(_study) is not MarkdownTable table)
            yield break;
        yield return new ReportBlock.Heading(3, "Shared vectors");
        yield return new ReportBlock.Paragraph("Share of ids whose vector is the same, bit by bit, as that of another id of their field: ids that the model cannot tell apart. Mean over seeds.");
        yield return new ReportBlock.Table($"Shared vectors of {Title} by method and budget", table);
    }

    private static string Front(Plot plot)
    {
        var names = plot.Front.Select(point => $"{plot.Series.First(s => s.Points.Contains(point)).Name} at {NumberFormat.Bytes(point.X)}");
        return $"Best for their bytes (the grey steps), from the smallest: {string.Join("; ", names)}.";
    }
}
