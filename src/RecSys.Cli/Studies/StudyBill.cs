using System.Globalization;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Studies;

/// <summary>What a study costs, before it starts.</summary>
/// <param name="Lines">A line per data set and model.</param>
/// <param name="Processes">Runs at the same time.</param>
internal sealed record StudyBill(IReadOnlyList<StudyBill.Line> Lines, int Processes)
{
    /// <summary>The runs of a model on a data set.</summary>
    /// <param name="Dataset">Data set.</param>
    /// <param name="Model">Model.</param>
    /// <param name="Points">Points of the grid.</param>
    /// <param name="Unreachable">Budgets that a method cannot reach.</param>
    /// <param name="Runs">Runs that are trained, trials included.</param>
    /// <param name="Compressions">Runs that are made of trained ones.</param>
    /// <param name="Left">Runs of both kinds that are not done yet.</param>
    /// <param name="SmallestBytes">Bytes of the smallest point.</param>
    /// <param name="LargestBytes">Bytes of the largest one.</param>
    /// <param name="PeakBytes">Memory of the largest run.</param>
    /// <param name="Seconds">Seconds that what is left takes, one run after the other.</param>
    public sealed record Line(string Dataset, string Model, int Points, int Unreachable, int Runs, int Compressions, int Left, long SmallestBytes, long LargestBytes, long PeakBytes, double Seconds);

    /// <summary>Hours that what is left takes.</summary>
    public double Hours => Lines.Sum(l => l.Seconds) / 3600 / Processes;

    /// <summary>The bill as text.</summary>
    public override string ToString()
    {
        var table = new MarkdownTable("data", "model", "points:", "unreachable:", "trained runs:", "compressed:", "left:", "smallest:", "largest:", "memory of a run:", "time left:");
        foreach (var line in Lines)
        {
            table.Add(
                [
                    line.Dataset,
                    line.Model,
                    .. new[] { line.Points, line.Unreachable, line.Runs, line.Compressions, line.Left }.Select(n => n.ToString(CultureInfo.InvariantCulture)),
                    NumberFormat.Bytes(line.SmallestBytes),
                    NumberFormat.Bytes(line.LargestBytes),
                    NumberFormat.Bytes(line.PeakBytes),
                    NumberFormat.Duration(TimeSpan.FromSeconds(line.Seconds / Processes)),
                ]);
        }

        return $"{table}\n{Lines.Sum(l => l.Left)} runs are left: about {NumberFormat.Duration(TimeSpan.FromHours(Hours))}, {Processes} at the same time\n";
    }
}
