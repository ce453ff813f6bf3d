using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Collects the tables and fields of a layout while a method goes through its fields in order.</summary>
internal sealed class LayoutBuilder(MethodRequest request)
{
    private readonly List<TableSpec> _tables = [];
    private readonly List<FieldLayout> _fields = [];
    private readonly List<RowMask> _masks = [];

    /// <summary>Adds a table of the whole set.</summary>
    /// <returns>Its index.</returns>
    public int AddTable(string name, long rowCount, int width, Initializer initializer)
    {
        _tables.Add(new TableSpec($"{request.SetName}/{name}", rowCount, width, initializer) { Precision = request.Precision.For(width) });
        return _tables.Count - 1;
    }

    /// <summary>Adds a table of fp32 of which a mask says what is kept.</summary>
    /// <returns>Its index.</returns>
    public int AddTable(string name, long rowCount, int width, Initializer initializer, RowMask mask)
    {
        _tables.Add(new TableSpec($"{request.SetName}/{name}", rowCount, width, initializer) { Mask = mask });
        AddMask(mask);
        return _tables.Count - 1;
    }

    /// <summary>Adds a table of numbers that are trained and are no part of a vector: fp32, whatever the precision of the rows.</summary>
    /// <returns>Its index.</returns>
    public int AddNumbers(string name, long rowCount, int width, Initializer initializer)
    {
        _tables.Add(new TableSpec($"{request.SetName}/{name}", rowCount, width, initializer));
        return _tables.Count - 1;
    }

    /// <summary>Adds a table of fp32 that the method itself changes between steps.</summary>
    /// <returns>Its index.</returns>
    public int AddUntrained(string name, long rowCount, int width, Initializer initializer)
    {
        _tables.Add(new TableSpec($"{request.SetName}/{name}", rowCount, width, initializer) { IsTrained = false });
        return _tables.Count - 1;
    }

    /// <summary>Adds a mask that an addressing reads.</summary>
    public void AddMask(RowMask mask) => _masks.Add(mask);

    /// <summary>Adds a field whose vector is the concatenation of one row per source.</summary>
    public void AddField(EmbeddingField field, params IReadOnlyList<RowSource> sources)
        => AddField(field, ConcatCombination.Instance(request.Dimension), sources);

    /// <summary>Adds a field.</summary>
    public void AddField(EmbeddingField field, Combination combination, params IReadOnlyList<RowSource> sources)
        => _fields.Add(new FieldLayout(field, sources, combination));

    /// <summary>Adds a field with one row of full width per id.</summary>
    public void AddFull(EmbeddingField field)
    {
        int table = AddTable(field.Name, field.VocabularySize, request.Dimension, request.Initializer(field));
        AddField(field, new RowSource(table, IdentityAddressing.Instance));
    }

    /// <summary>The finished layout.</summary>
    /// <param name="serveByteCount">Bytes of the last phase, where this one is another.</param>
    /// <param name="serveAuxiliaryBytes">Those of them that are not rows.</param>
    public MethodLayout Build(long? serveByteCount = null, long serveAuxiliaryBytes = 0)
    {
        long arrays = request.State.Arrays.Values.Sum(a => a.ByteCount);
        var layout = new MethodLayout(request.Dimension, _tables, _fields, arrays + _masks.Sum(m => m.CountsByteCount)) { Masks = _masks };
        return serveByteCount is long bytes ? layout with { ServeByteCount = bytes, ServeAuxiliaryBytes = serveAuxiliaryBytes } : layout;
    }
}
