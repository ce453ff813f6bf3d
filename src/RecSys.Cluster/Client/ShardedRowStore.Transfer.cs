using RecSys.Cluster.Requests;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

// Whole tables between the nodes and this process.
public sealed partial class ShardedRowStore
{
    /// <summary>Copies rows and the state of their optimiser from the nodes.</summary>
    /// <param name="rows">Receives them: tables of the same names and shapes, in any order; some of them or all. A table whose
    /// <see cref="TableSpec.Numbers"/> are consecutive receives these rows only.</param>
    /// <exception cref="ArgumentException">The model has no such table, or it is a growing one.</exception>
    /// <exception cref="ShardException">A node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public void Pull(IReadOnlyList<RowTable> rows) => Transfer(rows, isWrite: false);

    /// <summary>Puts rows and the state of their optimiser into the place of those on the nodes.</summary>
    /// <param name="rows">Tables of the same names and shapes, or consecutive rows of them, in any order; some of them or all.</param>
    /// <exception cref="ArgumentException">The model has no such table, or it is a growing one.</exception>
    /// <exception cref="ShardException">A node refuses; some rows may have been changed.</exception>
    /// <exception cref="IOException">A node cannot be reached; some rows may have been changed.</exception>
    public void Push(IReadOnlyList<RowTable> rows) => Transfer(rows, isWrite: true);

    // Requests to a node follow one another, so its buckets see ascending sequences; nodes are served at the same time.
    private void Transfer(IReadOnlyList<RowTable> rows, bool isWrite)
    {
        Drain();
        var transfer = new TableTransfer(Routes);
        var tables = rows.Select(r => (Rows: r, Table: IndexOf(r.Spec))).ToList();
        Task.WhenAll(Enumerable.Range(0, _nodes.Count).Select(n => Task.Run(async () =>
        {
            var request = new NodeRequest();
            foreach ((var table, int index) in tables)
            {
                foreach (var piece in transfer.Pieces(n, index, table.Spec))
                {
                    transfer.Build(request, HeaderOf(isWrite), index, piece, isWrite ? table : null);
                    await SendAsync(n, request, isWrite ? WriteAsync : ReadAsync).ConfigureAwait(false);
                    if (!isWrite)
                        transfer.Scatter(request, index, piece, table);
                }
            }
        }))).GetAwaiter().GetResult();
    }

    private ShardRequestHeader HeaderOf(bool isWrite) => isWrite
        ? new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Import, Worker = _options.Worker, Sequence = Interlocked.Increment(ref _sequence), Step = Math.Max(1, Optimizer.StepCount) }
        : new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Export };

    private int IndexOf(TableSpec spec)
    {
        int index = Tables.ToList().FindIndex(t => t.Name == spec.Name);
        long end = spec.Numbers.First + spec.RowCount;
        if (index < 0 || spec.Numbers.Stride != 1 || end > Tables[index].RowCount || (Tables[index].Width, Tables[index].Precision) != (spec.Width, spec.Precision))
            throw new ArgumentException($"Model '{Model.Name}' has no table '{spec.Name}' with rows up to {end} of {spec.Width} numbers of {spec.Precision}.", nameof(spec));
        if (Tables[index].Growing is not null)
            throw new ArgumentException($"Table '{spec.Name}' of model '{Model.Name}' is a growing one, whose rows have no numbers; snapshots and buckets carry it.", nameof(spec));
        return index;
    }
}
