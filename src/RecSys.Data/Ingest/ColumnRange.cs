using System.Globalization;
using System.Text.RegularExpressions;

namespace RecSys.Data.Ingest;

/// <summary>Writes out lists of numbered names: <c>C1..C26</c> stands for C1, C2, … C26.</summary>
internal static partial class ColumnRange
{
    internal static IReadOnlyList<string> Expand(IReadOnlyList<string> names) => [.. names.SelectMany(Expand)];

    private static IEnumerable<string> Expand(string name)
    {
        Match range = Range().Match(name);
        if (!range.Success || range.Groups[1].Value != range.Groups[3].Value)
            return [name];
        int first = int.Parse(range.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        int last = int.Parse(range.Groups[4].ValueSpan, CultureInfo.InvariantCulture);
        return last < first ? [name] : Enumerable.Range(first, last - first + 1).Select(number => FormattableString.Invariant($"{range.Groups[1].Value}{number}"));
    }

    [GeneratedRegex(@"^(\w*?)(\d{1,6})\.\.(\w*?)(\d{1,6})$")]
    private static partial Regex Range();
}
