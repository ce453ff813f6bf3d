using RecSys.Data.Interop;

namespace RecSys.Data.Reading;

/// <summary>The ids of one feature for all rows of a part.</summary>
internal sealed class PartColumn(EmbeddingColumn column)
{
    private int[] _values = [];
    private int[] _offsets = [0];
    private int _valueCount;
    private int _rowCount;

    internal void Clear()
    {
        _valueCount = 0;
        _rowCount = 0;
    }

    /// <summary>Adds the rows of a chunk.</summary>
    /// <param name="vector">The chunk's column.</param>
    /// <param name="part">Name of the part, for messages.</param>
    internal void Append(DuckVector vector, string part)
    {
        if (column.IsSingle)
            AppendSingle(vector, part);
        else
            AppendLists(vector, part);
    }

    /// <summary>Puts rows into a batch.</summary>
    internal void CopyTo(ReadOnlySpan<int> rows, RecSys.Embeddings.JaggedIds ids)
    {
        if (column.IsSingle)
        {
            Span<long> place = ids.AddSamples(rows.Length, rows.Length);
            for (int i = 0; i < rows.Length; i++)
                place[i] = _values[rows[i]];
            return;
        }

        int count = 0;
        foreach (int row in rows)
            count += _offsets[row + 1] - _offsets[row];
        int end = ids.Values.Length;
        Span<long> values = ids.AddSamples(rows.Length, count);
        Span<int> ends = ids.EndOffsets(rows.Length);
        int next = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            foreach (int value in _values.AsSpan(_offsets[rows[i]].._offsets[rows[i] + 1]))
                values[next++] = value;
            ends[i] = end + next;
        }
    }

    private void AppendSingle(DuckVector vector, string part)
    {
        if (Mask.HasNull(vector))
            throw new DataException($"{part}: column '{column.Name}' has a missing id; valid: 0 … {column.VocabularySize - 1} in every row");
        ReadOnlySpan<int> ids = vector.Values<int>();
        ThrowIfBeyond(ids, part);
        Reserve(ids.Length);
        ids.CopyTo(_values.AsSpan(_valueCount));
        _valueCount += ids.Length;
        _rowCount += ids.Length;
    }

    private void AppendLists(DuckVector vector, string part)
    {
        ReadOnlySpan<int> elements = vector.Elements.Values<int>();
        ThrowIfBeyond(elements, part);
        ReadOnlySpan<DuckListEntry> lists = vector.Lists;
        if (_offsets.Length < _rowCount + lists.Length + 1)
            Array.Resize(ref _offsets, Math.Max(_rowCount + lists.Length + 1, 2 * _offsets.Length));
        for (int i = 0; i < lists.Length; i++)
        {
            ReadOnlySpan<int> list = vector.IsNull(i) ? [] : elements.Slice((int)lists[i].Offset, (int)lists[i].Length);
            Reserve(list.Length);
            list.CopyTo(_values.AsSpan(_valueCount));
            _valueCount += list.Length;
            _offsets[++_rowCount] = _valueCount;
        }
    }

    private void ThrowIfBeyond(ReadOnlySpan<int> ids, string part)
    {
        // The unsigned comparison also catches negative ids.
        uint highest = 0;
        foreach (int id in ids)
            highest = Math.Max(highest, (uint)id);
        if (highest < column.VocabularySize)
            return;
        int index = 0;
        while ((uint)ids[index] < column.VocabularySize)
            index++;
        string place = column.IsSingle ? $", row {_rowCount + index}" : $", in rows from {_rowCount}";
        throw new DataException($"{part}{place}: column '{column.Name}' has id {ids[index]}, which its vocabulary '{column.Field}' does not have; valid: 0 … {column.VocabularySize - 1}");
    }

    private void Reserve(int count)
    {
        if (_values.Length < _valueCount + count)
            Array.Resize(ref _values, Math.Max(_valueCount + count, 2 * _values.Length));
    }
}
