using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>A table of Markdown text, for documents in Markdown, where its columns are aligned in the source so that it reads well as plain text too, and in HTML.</summary>
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
        _headers = [.. headers.Select(header => OneLine(header.TrimEnd(':')))];
    }

    /// <summary>Headers of the columns.</summary>
    public IReadOnlyList<string> Headers => _headers;

    /// <summary>The cells of each row.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>Whether a column is aligned to the right.</summary>
    /// <param name="column">From 0.</param>
    public bool IsRightAligned(int column) => _rightAligned[column];

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">The number of cells is not the number of columns.</exception>
    public void Add(params string[] cells)
    {
        if (cells.Length != _headers.Length)
            throw new ArgumentException($"The row has {cells.Length} cells; valid: {_headers.Length}, one a column.", nameof(cells));
        _rows.Add([.. cells.Select(OneLine)]);
    }

    /// <summary>The table, each line ended by a line feed.</summary>
    public override string ToString()
    {
        string[] headers = [.. _headers.Select(Escape)];
        List<string[]> rows = [.. _rows.Select(row => (string[])[.. row.Select(Escape)])];
        // Three dashes are the least that every Markdown dialect takes for a column.
        int[] widths = [.. headers.Select((header, column) => Math.Max(3, rows.Select(row => row[column].Length).Append(header.Length).Max()))];
        var text = new StringBuilder();
        AppendRow(text, headers, widths);
        AppendRow(text, [.. widths.Select((width, column) => _rightAligned[column] ? new string('-', width - 1) + ":" : new string('-', width))], widths);
        foreach (string[] row in rows)
            AppendRow(text, row, widths);
        return text.ToString();
    }

    private void AppendRow(StringBuilder text, string[] cells, int[] widths)
    {
        for (int column = 0; column < cells.Length; column++)
            text.Append("| ").Append(_rightAligned[column] ? cells[column].PadLeft(widths[column]) : cells[column].PadRight(widths[column])).Append(' ');
        text.Append("|\n");
    }

    private static string OneLine(string cell) => cell.ReplaceLineEndings(" ");

    private static string Escape(string cell) => cell.Replace("|", "\\|", StringComparison.Ordinal);
}
