using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Optimizers;

namespace RecSys.Cluster.Buckets;

/// <summary>The rows of one table in one bucket, and which of them have changed since the last file of a chain. Not thread-safe.</summary>
internal abstract class BucketPart : IDisposable
{
    /// <summary>Bytes of rows, state and everything beside them.</summary>
    public abstract long ByteCount { get; }

    /// <summary>Whether anything has changed.</summary>
    public abstract bool HasChanges { get; }

    /// <summary>The rows that have changed, under their keys; null when it is not known which they are.</summary>
    public abstract TableChanges? Changes { get; }

    /// <summary>Creates the part of a bucket.</summary>
    /// <param name="model">The model.</param>
    /// <param name="table">Index of the table.</param>
    /// <param name="bucket">Number of the bucket, which has rows of the table.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="isFilled">Whether rows get their first values now; those of a growing table get them later.</param>
    public static BucketPart Create(ShardedModel model, int table, int bucket, SparseOptimizer optimizer, bool isFilled)
        => model.Tables[table].Growing is null ? new FixedPart(model, table, bucket, optimizer, isFilled) : new GrowingPart(model, table, bucket, optimizer);

    /// <summary>Reads rows.</summary>
    /// <param name="keys">Keys of rows.</param>
    /// <param name="values">Receives [rows × width].</param>
    public abstract void Gather(ReadOnlySpan<long> keys, Span<float> values);

    /// <summary>Updates rows.</summary>
    /// <param name="optimizer">The optimiser, in a step.</param>
    /// <param name="keys">Keys of rows.</param>
    /// <param name="gradients">Their gradients, [rows × width].</param>
    public abstract void Update(SparseOptimizer optimizer, ReadOnlySpan<long> keys, ReadOnlySpan<float> gradients);

    /// <summary>What there is is in a file of the chain.</summary>
    public abstract void ForgetChanges();

    /// <summary>Writes all rows, or those that have changed.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="onlyChanges">Whether rows that have not changed are left out, where that is possible.</param>
    public abstract void Write(BucketFileWriter writer, bool onlyChanges);

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="header">Its header of the part.</param>
    /// <exception cref="InvalidDataException">The rows do not fit.</exception>
    public abstract void Read(BucketFileReader reader, BucketFilePart header);

    /// <inheritdoc/>
    public abstract void Dispose();
}
