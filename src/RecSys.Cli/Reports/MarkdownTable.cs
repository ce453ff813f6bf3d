using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>A table in Markdown whose columns are aligned in the source, so that it reads well as plain text too.</summary>
internal sealed class MarkdownTable
{
    private readonly string[] _headers;
    private readonly bool[] _rightAligned;
    private readonly List<string[]> _rows = [];

    /// <summary>Creates a table without rows.</summary>
    /// <param name="headers">One a column; a header that ends with <c>:</c> (not shown) makes a right-aligned column, as numbers want.</param>
    public MarkdownTable(params string[] headers)
    {
        ArgumentOutOfRangeException.ThrowIfZero(headers.Length);
        _rightAligned = [.. headers.Select(header => header.EndsWith(':'))];
        _headers = [.. headers.Select(header => Escape(header.TrimEnd(':')))];
    }

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">The number of cells is not the number of columns.</exception>
    public void Add(params string[] cells)
    {
        if (cells.Length != _headers.Length)
            throw new ArgumentException($"The row has {cells.Length} cells; valid: {_headers.Length}, one a column.", nameof(cells));
        _rows.Add([.. cells.Select(Escape)]);
    }

    /// <summary>The table, each line ended by a line feed.</summary>
    public override string ToString()
    {
        // Three dashes are the least that every Markdown dialect takes for a column.
        int[] widths = [.. _headers.Select((header, column) => Math.Max(3, _rows.Select(row => row[column].Length).Append(header.Length).Max()))];
        var text = new StringBuilder();
        AppendRow(text, _headers, widths);
        AppendRow(text, [.. widths.Select((width, column) => _rightAligned[column] ? new string('-', width - 1) + ":" : new string('-', width))], widths);
        foreach (string[] row in _rows)
            AppendRow(text, row, widths);
        return text.ToString();
    }

    private void AppendRow(StringBuilder text, string[] cells, int[] widths)
    {
        for (int column = 0; column < cells.Length; column++)
            text.Append("| ").Append(_rightAligned[column] ? cells[column].PadLeft(widths[column]) : cells[column].PadRight(widths[column])).Append(' ');
        text.Append("|\n");
    }

    private static string Escape(string cell) => cell.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
