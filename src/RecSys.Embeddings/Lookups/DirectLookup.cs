using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Lookups;

/// <summary>
/// Reads the vectors of one field straight from the tables: for serving, where no gradient follows. Duplicates are not looked
/// for, because reading a row twice costs less than finding out.
/// </summary>
/// <remarks>
/// <para>Thread-safe while the rows do not change. The results are those of <see cref="EmbeddingCollection.Forward"/>.</para>
/// <para>Tables that are not in this process are read through <see cref="FetchedRows"/>: <see cref="AddRows"/> says which rows are needed, and the
/// reads then find them there. What follows is the same code, so the vectors are the same bits.</para>
/// </remarks>
public sealed class DirectLookup
{
    // Ids at once: addressing so many takes less time than the memory needs for the rows that are still on their way.
    private const int BlockIds = 32;

    // Ids that are pooled at once: their vectors stay in the second-level cache.
    private const int PooledIds = 512;

    private const int Ahead = EmbeddingKernels.PrefetchDistance;

    private readonly EmbeddingField _field;
    private readonly TableMemory[]? _tables;
    private readonly IReadOnlyList<RowSource> _sources;
    private readonly Combination _combination;
    private readonly int _dimension;
    private readonly RowStep[]? _steps;
    private readonly long[] _rows;
    private readonly int[] _everyRow;
    private readonly bool _isOnePlainRow;

    /// <summary>Connects a field to its tables in memory.</summary>
    /// <param name="layout">The layout of the field.</param>
    /// <param name="field">A field of the layout.</param>
    /// <param name="rows">The rows; its tables are those of the layout. It has to outlive this object.</param>
    /// <exception cref="ArgumentException">The layout has no such field, or the store holds other tables.</exception>
    public DirectLookup(MethodLayout layout, EmbeddingField field, MemoryRowStore rows)
        : this(layout, field, rows, table => rows.RowTables[table].Memory)
    {
    }

    /// <summary>Connects a field to its tables in a mapped file.</summary>
    /// <inheritdoc cref="DirectLookup(MethodLayout, EmbeddingField, MemoryRowStore)"/>
    public DirectLookup(MethodLayout layout, EmbeddingField field, MappedRowStore rows)
        : this(layout, field, rows, rows.MemoryOf)
    {
    }

    /// <summary>Makes the look-up of a field whose tables are somewhere else.</summary>
    /// <param name="layout">The layout of the field.</param>
    /// <param name="field">A field of the layout.</param>
    /// <exception cref="ArgumentException">The layout has no such field.</exception>
    public DirectLookup(MethodLayout layout, EmbeddingField field)
    {
        FieldLayout own = layout.Of(field);
        _field = field;
        _dimension = layout.Dimension;
        _sources = own.Sources;
        _combination = own.Combination;
        _steps = Steps(layout);
        _isOnePlainRow = _steps is [RowStep.Place] && layout.Tables[_sources[0].Table].IsPlain;
        long mostRows = own.Sources.Max(s => s.Addressing is null ? layout.Tables[s.Table].RowCount : BlockIds);
        _everyRow = [.. Enumerable.Range(0, checked((int)mostRows))];
        _rows = [.. _everyRow];
    }

    private DirectLookup(MethodLayout layout, EmbeddingField field, IRowReader rows, Func<int, TableMemory> memoryOf)
        : this(layout, field)
    {
        if (!rows.Tables.SequenceEqual(layout.Tables))
            throw new ArgumentException("The store does not hold the tables of the layout.", nameof(rows));
        _tables = [.. _sources.Select(s => s.IsCode ? default : memoryOf(s.Table))];
    }

    /// <summary>Adds the rows that a read of some ids needs.</summary>
    /// <param name="ids">Ids of the field, each within its vocabulary.</param>
    /// <param name="rows">Receives the rows; made for the tables of the layout.</param>
    /// <exception cref="ArgumentException">An id lies outside the vocabulary.</exception>
    public void AddRows(ReadOnlySpan<long> ids, FetchedRows rows)
    {
        Check(ids);
        Scratch scratch = Scratch.Of(_sources.Count);
        foreach (RowSource source in _sources)
        {
            if (source.IsCode)
                continue;
            if (source.Addressing is null)
            {
                rows.Add(source.Table, _rows.AsSpan(0, rows.RowCountOf(source.Table)));
                continue;
            }

            for (int first = 0; first < ids.Length; first += BlockIds)
            {
                Span<long> addressed = scratch.Rows(0, Math.Min(BlockIds, ids.Length - first));
                source.Addressing.Address(ids.Slice(first, addressed.Length), addressed);
                rows.Add(source.Table, addressed);
            }
        }
    }

    /// <summary>Reads the vector of each id.</summary>
    /// <param name="ids">Ids of the field, each within its vocabulary.</param>
    /// <param name="vectors">Receives [ids × dimension].</param>
    /// <param name="fetched">The rows of these ids, where the tables are somewhere else.</param>
    /// <exception cref="ArgumentException">An id lies outside the vocabulary, or <paramref name="vectors"/> is too short.</exception>
    public void Read(ReadOnlySpan<long> ids, Span<float> vectors, FetchedRows? fetched = null)
    {
        Check(ids);
        Scratch scratch = Scratch.Of(_sources.Count);
        for (int first = 0, known = 0; first < ids.Length; first += BlockIds)
        {
            int count = Math.Min(BlockIds, ids.Length - first);
            Span<float> block = vectors.Slice(first * _dimension, count * _dimension);
            if (_steps is null)
                Combine(scratch, fetched, ids.Slice(first, count), block);
            else
                known = ReadBlock(scratch, fetched, _steps, ids[first..], count, known, block);
        }
    }

    /// <summary>Reads the sum or mean of the vectors of each bag; an empty bag gives the zero vector.</summary>
    /// <param name="ids">Ids of all bags.</param>
    /// <param name="offsets">Bag b holds ids <c>offsets[b] … offsets[b + 1])</c>; ascending.</param>
    /// <param name="isMean">Mean instead of sum.</param>
    /// <param name="output">Receives [bags × dimension].</param>
    /// <param name="fetched">The rows of these ids, where the tables are somewhere else.</param>
    /// <exception cref="ArgumentException">As for <see cref="Read"/>, or offsets descend or lie outside the ids.</exception>
    public void ReadPooled(ReadOnlySpan<long> ids, ReadOnlySpan<int> offsets, bool isMean, Span<float> output, FetchedRows? fetched = null)
    {
        Check(ids);
        Scratch scratch = Scratch.Of(_sources.Count);
        for (int bag = 0, end; bag + 1 < offsets.Length; bag = end)
        {
            // As many whole bags as make a block; a larger bag is a block of its own.
            end = bag + 1;
            while (end + 1 < offsets.Length && offsets[end + 1] - offsets[bag] <= PooledIds)
                end++;
            ReadOnlySpan<int> bags = offsets[bag..(end + 1)];
            Span<float> sums = output.Slice(bag * _dimension, (end - bag) * _dimension);
            ReadOnlySpan<long> block = ids[offsets[bag]..];
            int count = offsets[end] - offsets[bag];
            if (_isOnePlainRow)
            {
                // Rows beyond the block are asked for ahead.
                Span<long> rows = scratch.Rows(0, Math.Min(block.Length, count + Ahead));
                Address(0, fetched, block[..rows.Length], rows);
                EmbeddingKernels.GatherPooled(MemoryOf(0, fetched), rows, bags, sums, isMean);
                continue;
            }

            Span<float> vectors = scratch.Vectors(count * _dimension);
            Read(block[..count], vectors, fetched);
            EmbeddingKernels.PoolSegments(vectors, _dimension, bags, sums, _dimension, isMean);
        }
    }

    private void Check(ReadOnlySpan<long> ids)
    {
        // As unsigned numbers, negative ids are above every vocabulary.
        if (ids.IsEmpty || TensorPrimitives.Max(MemoryMarshal.Cast<long, ulong>(ids)) < (ulong)_field.VocabularySize)
            return;
        foreach (long id in ids)
        {
            if ((ulong)id >= (ulong)_field.VocabularySize)
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"Field '{_field.Name}' has no such id; valid are 0 … {_field.VocabularySize - 1}.");
        }
    }

    private TableMemory MemoryOf(int source, FetchedRows? fetched) => fetched is null ? _tables![source] : fetched.MemoryOf(_sources[source].Table);

    private void Address(int source, FetchedRows? fetched, ReadOnlySpan<long> ids, Span<long> rows)
    {
        _sources[source].Addressing!.Address(ids, rows);
        fetched?.Locate(_sources[source].Table, rows[..ids.Length]);
    }

    // What each source does, or null when it takes more than one source after the other to make a vector.
    private RowStep[]? Steps(MethodLayout layout)
    {
        var steps = _sources.Select((source, s) => source.Addressing is null ? null : _combination.Step(s)).OfType<RowStep>().ToArray();
        int placed = _sources.Zip(steps).Where(s => s.Second == RowStep.Place).Sum(s => layout.Tables[s.First.Table].Width);
        return steps.Length == _sources.Count && placed == _dimension ? steps : null;
    }

    // The vectors of the first ids. Rows of the ids behind them are addressed too, so that their memory is asked for; the number
    // of these rows, known to the next block, is returned.
    private int ReadBlock(Scratch scratch, FetchedRows? fetched, RowStep[] steps, ReadOnlySpan<long> ids, int count, int known, Span<float> vectors)
    {
        int needed = Math.Min(ids.Length, count + Ahead);
        int column = 0;
        for (int s = 0; s < steps.Length; s++)
        {
            TableMemory table = MemoryOf(s, fetched);
            Span<long> rows = scratch.Rows(s, needed);
            Address(s, fetched, ids[known..needed], rows[known..]);
            if (known == 0)
                EmbeddingKernels.Prefetch(table, rows);
            EmbeddingKernels.Gather(steps[s], table, rows, count, vectors[column..], _dimension);
            column += steps[s] == RowStep.Place && column + table.Width < _dimension ? table.Width : 0;
            rows[count..].CopyTo(rows);
        }

        return needed - count;
    }

    // Copies the rows of all sources and combines them as in a mini-batch.
    private void Combine(Scratch scratch, FetchedRows? fetched, ReadOnlySpan<long> ids, Span<float> vectors)
    {
        for (int s = 0; s < _sources.Count; s++)
        {
            if (_sources[s].IsCode)
            {
                _sources[s].Addressing!.Address(ids, scratch.Rows(s, ids.Length));
                scratch.Sources[s] = scratch.Codes(s, ids.Length);
                continue;
            }

            TableMemory table = MemoryOf(s, fetched);
            ReadOnlySpan<long> rows = Rows(scratch, s, fetched, ids);
            float[] values = scratch.Values(s, rows.Length * table.Width);
            EmbeddingKernels.Gather(table, rows, values);
            scratch.Sources[s] = new SourceRows(values, table.Width, _everyRow, rows.Length);
        }

        _combination.Forward(scratch.Sources.AsSpan(0, _sources.Count), ids.Length, vectors, _dimension);
    }

    private ReadOnlySpan<long> Rows(Scratch scratch, int source, FetchedRows? fetched, ReadOnlySpan<long> ids)
    {
        if (_sources[source].Addressing is null && fetched is null)
            return _rows.AsSpan(0, (int)_tables![source].RowCount);
        Span<long> rows = scratch.Rows(source, _sources[source].Addressing is null ? fetched!.RowCountOf(_sources[source].Table) : ids.Length);
        if (_sources[source].Addressing is not null)
        {
            Address(source, fetched, ids, rows);
            return rows;
        }

        _rows.AsSpan(0, rows.Length).CopyTo(rows);
        fetched!.Locate(_sources[source].Table, rows);
        return rows;
    }

    /// <summary>Buffers of a thread, kept from call to call.</summary>
    private sealed class Scratch
    {
        [ThreadStatic]
        private static Scratch? t_own;

        private long[][] _rows = [];
        private float[][] _values = [];
        private float[] _vectors = [];

        public SourceRows[] Sources { get; private set; } = [];

        public static Scratch Of(int sourceCount)
        {
            Scratch scratch = t_own ??= new Scratch();
            if (scratch.Sources.Length < sourceCount)
            {
                scratch.Sources = new SourceRows[sourceCount];
                scratch._rows = [.. Enumerable.Repeat(Array.Empty<long>(), sourceCount)];
                scratch._values = [.. Enumerable.Repeat(Array.Empty<float>(), sourceCount)];
            }

            return scratch;
        }

        // What the rows hold stays when they are asked for again with a size that they have had.
        public Span<long> Rows(int source, int count) => Room(ref _rows[source], Math.Max(count, BlockIds + Ahead)).AsSpan(0, count);

        public SourceRows Codes(int source, int count) => new(_rows[source], 0, count);

        public float[] Values(int source, int length) => Room(ref _values[source], length);

        public Span<float> Vectors(int length) => Room(ref _vectors, length).AsSpan(0, length);

        private static T[] Room<T>(ref T[] buffer, int length) => buffer.Length < length ? buffer = new T[length] : buffer;
    }
}
