using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data;

// One vector per id, as Parquet.
public sealed partial class Vocabulary
{
    // Numbers of the rows that are joined with their values at once, and of a row group; rows of it are no more than of other files.
    private const int PieceNumbers = 1 << 22;
    private const int MostPieceRows = 262_144;

    // Beside the numbers of a piece, DuckDB holds values of the vocabulary and what it writes.
    private const string MemoryLimit = "512MB";

    /// <summary>
    /// Writes a Parquet file with one row per id, in the order of ids: <c>id</c>, <c>value</c> (null for the unknown id 0), <c>count</c>
    /// (train rows, null for id 0) and <c>vector</c>, a list of floats. Memory does not grow with the vocabulary; beside the file there
    /// is room needed for all vectors once more until it is complete.
    /// </summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="dimension">Numbers of a vector.</param>
    /// <param name="read">Fills the vectors of ids, [ids × dimension].</param>
    /// <param name="metadata">Free text by name, kept in the file.</param>
    /// <param name="onRows">Told how many rows have been read, from time to time.</param>
    public void WriteVectors(
        string path, int dimension, Action<ReadOnlySpan<long>, Span<float>> read, IReadOnlyDictionary<string, string> metadata, Action<long>? onRows = null)
        => WriteVectors(path, dimension, read, metadata, onRows, Math.Clamp(PieceNumbers / dimension, DuckAppender.Capacity, MostPieceRows));

    /// <summary>Writes the file in pieces of so many rows.</summary>
    internal void WriteVectors(
        string path, int dimension, Action<ReadOnlySpan<long>, Span<float>> read, IReadOnlyDictionary<string, string> metadata, Action<long>? onRows, int pieceRows)
    {
        string collected = path + ".rows";
        string[] files = [collected, collected + ".wal"];
        try
        {
            using (DuckDatabase database = DuckDatabase.Open(collected, new DuckOptions { MemoryLimit = MemoryLimit }))
            {
                // Packing rows that are read once costs more than it saves.
                database.Execute("SET force_compression = 'uncompressed'; CREATE TABLE collected (id INTEGER, value VARCHAR, count BIGINT, vector FLOAT[])");
                for (long first = 0; first < Size; first += pieceRows)
                {
                    long end = Math.Min(Size, first + pieceRows);
                    AppendPiece(database, first, end, dimension, read);
                    onRows?.Invoke(end);
                }

                database.CopyToParquet("SELECT * FROM collected", path, pieceRows, metadata);
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            file.Flush(flushToDisk: true);
        }
        finally
        {
            Array.ForEach(files, File.Delete);
        }
    }

    // The values of a piece come from those row groups of the vocabulary's file that hold its ids.
    private void AppendPiece(DuckDatabase database, long first, long end, int dimension, Action<ReadOnlySpan<long>, Span<float>> read)
    {
        database.Execute("CREATE OR REPLACE TEMP TABLE piece (id INTEGER, vector FLOAT[])");
        using (DuckAppender appender = database.CreateAppender("piece", [new("id", DuckType.Integer), new("vector", DuckType.List, DuckType.Float)]))
        {
            long[] ids = new long[DuckAppender.Capacity];
            for (long next = first; next < end; next += ids.Length)
            {
                int count = (int)Math.Min(ids.Length, end - next);
                for (int i = 0; i < count; i++)
                {
                    ids[i] = next + i;
                    appender.Values<int>(0)[i] = (int)(next + i);
                    appender.Lists(1)[i] = new DuckListEntry((ulong)(i * dimension), (ulong)dimension);
                }

                read(ids.AsSpan(0, count), appender.Elements<float>(1, count * dimension));
                appender.Append(count);
            }

            appender.Complete();
        }

        database.Execute(string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO collected
            SELECT piece.id, value, count, vector
            FROM piece LEFT JOIN (SELECT id, value, count FROM read_parquet({SqlText.Literal(_path)}) WHERE id >= {first} AND id < {end}) AS known ON piece.id = known.id
            ORDER BY piece.id
            """));
    }
}
