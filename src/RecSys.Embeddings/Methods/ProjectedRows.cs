using System.Buffers;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>A field stored as one narrow row per id and a learned matrix of its own that makes vectors of them.</summary>
internal static class ProjectedRows
{
    // Rows of one job.
    private const int BlockRows = 1024;

    /// <summary>Bytes of the field at a width; those of the full table where rows and matrix together take no less.</summary>
    public static long ByteCount(MethodRequest request, EmbeddingField field, int width)
        => Shrinks(request, field, width) ? Narrow(request, field, width) : request.FullRowsByteCount(field);

    /// <summary>Adds the field: rows and matrix, or the full table where those take no less.</summary>
    public static void Add(LayoutBuilder builder, MethodRequest request, EmbeddingField field, int width)
    {
        if (!Shrinks(request, field, width))
        {
            builder.AddFull(field);
            return;
        }

        int table = builder.AddTable(field.Name, field.VocabularySize, width, request.Initializer(field));

        // Each output is a sum of `width` products; a variance of 1/width per matrix entry keeps the variance of the rows.
        int projection = builder.AddTable($"{field.Name}/projection", width, request.Dimension, Initializer.Normal(1 / Math.Sqrt(width)));
        builder.AddField(
            field,
            new ProjectionCombination(request.Dimension),
            new RowSource(table, IdentityAddressing.Instance),
            new RowSource(projection, Addressing: null));
    }

    /// <summary>Fills fields from a vector per id, with the least squared error that their widths allow.</summary>
    /// <remarks>
    /// Eckart and Young, "The Approximation of One Matrix by Another of Lower Rank", 1936: with the singular value decomposition U·S·Vᵀ of
    /// the vectors, rows are the first columns of U·S and the matrix is the first rows of Vᵀ.
    /// </remarks>
    /// <param name="layout">Fields added by <see cref="Add"/>.</param>
    /// <param name="vectors">Tables of fp32 of full width, one per field.</param>
    public static PhaseEnd Compress(MethodLayout layout, IReadOnlyList<RowTable> vectors)
        => new(new MethodState(0), tables =>
        {
            for (int f = 0; f < vectors.Count; f++)
            {
                if (layout.Fields[f].Sources is [var rows, var projection])
                    Project(vectors[f], tables[rows.Table], tables[projection.Table]);
                else
                    tables[layout.Fields[f].Sources[0].Table].CopyFrom(vectors[f]);
            }
        });

    private static void Project(RowTable vectors, RowTable rows, RowTable projection)
    {
        int width = vectors.Spec.Width;
        var axes = new PrincipalAxes(width);
        long rowCount = vectors.Spec.RowCount;
        for (long first = 0; first < rowCount; first += BlockRows * BlockRows)
            axes.Add(vectors.Floats(first, (int)Math.Min(BlockRows * BlockRows, rowCount - first)));
        float[] matrix = axes.First(rows.Spec.Width);
        for (int axis = 0; axis < rows.Spec.Width; axis++)
            projection.WriteRow(axis, matrix.AsSpan(axis * width, width));
        Parallel.For(0, (rowCount + BlockRows - 1) / BlockRows, block => WriteNarrow(vectors, matrix, block * BlockRows, rows));
    }

    private static void WriteNarrow(RowTable vectors, float[] matrix, long first, RowTable rows)
    {
        int count = (int)Math.Min(BlockRows, vectors.Spec.RowCount - first);
        int width = rows.Spec.Width;
        float[] narrow = ArrayPool<float>.Shared.Rent(count * width);
        narrow.AsSpan(0, count * width).Clear();
        MatrixKernel.AddTransposedRight(vectors.Floats(first, count), matrix, count, vectors.Spec.Width, width, narrow);
        for (int i = 0; i < count; i++)
            rows.WriteRow(first + i, narrow.AsSpan(i * width, width));
        ArrayPool<float>.Shared.Return(narrow);
    }

    private static long Narrow(MethodRequest request, EmbeddingField field, int width)
        => (field.VocabularySize * request.RowByteCount(width)) + (width * request.RowByteCount(request.Dimension));

    private static bool Shrinks(MethodRequest request, EmbeddingField field, int width)
        => width < request.Dimension && Narrow(request, field, width) < request.FullRowsByteCount(field);
}
