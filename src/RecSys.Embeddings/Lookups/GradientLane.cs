using System.Buffers;
using System.Numerics.Tensors;

namespace RecSys.Embeddings.Lookups;

/// <summary>
/// A piece of the backward pass that sums into its own memory, so that lanes can run side by side: the features of one group of
/// tables, for a range of samples. Lane 0 of a group sums straight into the row batches, further lanes into buffers that are
/// added to them afterwards, in the order of their numbers.
/// </summary>
/// <param name="group">Tables and the features that read them.</param>
/// <param name="number">Number of the lane in its group.</param>
internal sealed class GradientLane(TableGroup group, int number)
{
    private readonly float[]?[] _buffers = new float[]?[group.Tables.Length];

    /// <summary>Tables and the features that read them.</summary>
    public TableGroup Group => group;

    /// <summary>True when the lane sums straight into the row batches.</summary>
    public bool IsFirst => number == 0;

    /// <summary>First chunk of samples.</summary>
    public int FirstChunk { get; private set; }

    /// <summary>End of the chunks of samples.</summary>
    public int EndChunk { get; private set; }

    /// <summary>Gradient numbers that the lane adds up.</summary>
    public long Weight { get; private set; }

    /// <summary>The worker that runs the lane.</summary>
    public int Worker { get; set; }

    /// <summary>Sets the samples of the lane for a mini-batch.</summary>
    public void Start(int firstChunk, int endChunk, long weight) => (FirstChunk, EndChunk, Weight) = (firstChunk, endChunk, weight);

    /// <summary>The lane's own sums for a table, or null when it sums into the row batch.</summary>
    /// <param name="table">Index in the collection of a table of the group.</param>
    public float[]? Buffer(int table) => IsFirst ? null : _buffers[Array.IndexOf(group.Tables, table)];

    /// <summary>Sets the sums to zero, renting memory for them if needed.</summary>
    public void Clear(LookupPlan plan)
    {
        for (int t = 0; t < _buffers.Length; t++)
        {
            var batch = plan.Batch(group.Tables[t]);
            if (IsFirst)
            {
                batch.Gradients.Clear();
                continue;
            }

            int length = batch.Count * batch.Width;
            _buffers[t] = ArrayPool<float>.Shared.Rent(length);
            _buffers[t].AsSpan(0, length).Clear();
        }
    }

    /// <summary>Adds a part of the lane's sums to those of the first lane.</summary>
    /// <param name="table">Index in the collection of a table of the group.</param>
    /// <param name="start">First number.</param>
    /// <param name="sums">Sums of the first lane from there on.</param>
    public void AddTo(int table, int start, Span<float> sums) => TensorPrimitives.Add(sums, Buffer(table).AsSpan(start, sums.Length), sums);

    /// <summary>Gives rented memory back.</summary>
    public void Release()
    {
        for (int t = 0; t < _buffers.Length; t++)
        {
            if (_buffers[t] is float[] buffer)
                ArrayPool<float>.Shared.Return(buffer);
            _buffers[t] = null;
        }
    }
}
