using System.Globalization;
using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods.Definitions;

/// <summary>The rows of a layout by name, for one field at a time; it keeps track of what is read.</summary>
internal sealed class DefinitionRows(string options, MethodLayout layout, double[][] values)
{
    /// <summary>The field whose vectors are computed.</summary>
    public EmbeddingField Field { get; set; } = layout.Fields[0].Field;

    /// <summary>Rows read since the set was cleared.</summary>
    public HashSet<(int Table, long Row)> Read { get; } = [];

    public int Dimension => layout.Dimension;

    /// <summary>True when the field has one row of full width per id.</summary>
    public bool IsFull => Find("") is int table && layout.Tables[table].RowCount == Field.VocabularySize && layout.Tables[table].Width == layout.Dimension
        && Sources is [{ Addressing: not null }];

    public IReadOnlyList<RowSource> Sources => layout.Of(Field).Sources;

    /// <summary>True when an option is written exactly so: <c>combine=add</c>.</summary>
    public bool IsSet(string option) => options.Split(' ').Contains(option);

    /// <summary>The value of an option.</summary>
    public int Number(string option, int fallback)
        => options.Split(' ').FirstOrDefault(o => o.StartsWith(option + "=", StringComparison.Ordinal)) is string text
            ? int.Parse(text[(option.Length + 1)..], CultureInfo.InvariantCulture)
            : fallback;

    public bool Has(string part) => Find(part) is not null;

    public long RowCount(string part) => layout.Tables[Table(part)].RowCount;

    public int Width(string part) => layout.Tables[Table(part)].Width;

    /// <summary>A row of a table of the field, <c>s/field</c> or <c>s/field/part</c>, or with a leading slash of a table of all fields: <c>/robe</c>.</summary>
    public double[] Row(string part, long row) => Row(Table(part), row);

    /// <summary>All rows of a table.</summary>
    public double[][] Whole(string part) => [.. Enumerable.Range(0, (int)RowCount(part)).Select(r => Row(part, r))];

    /// <summary>The row of each source that reads one row per id, addressed by the layout.</summary>
    public double[][] Addressed(long id) => [.. Sources.Where(s => s is { IsCode: false, Addressing: not null }).Select(s => Row(s.Table, Number(s, id)))];

    /// <summary>What a source's addressing gives for an id.</summary>
    public static long Number(RowSource source, long id)
    {
        var number = new long[1];
        source.Addressing!.Address([id], number);
        return number[0];
    }

    private double[] Row(int table, long row)
    {
        Read.Add((table, row));
        int width = layout.Tables[table].Width;
        return values[table].AsSpan((int)row * width, width).ToArray();
    }

    private int Table(string part) => Find(part) ?? throw new InvalidOperationException($"The layout has no table '{Name(part)}'.");

    private int? Find(string part)
    {
        for (int t = 0; t < layout.Tables.Count; t++)
        {
            if (layout.Tables[t].Name == Name(part))
                return t;
        }

        return null;
    }

    private string Name(string part) => part.StartsWith('/') ? $"s{part}" : part.Length == 0 ? $"s/{Field.Name}" : $"s/{Field.Name}/{part}";
}
