using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Torch.Distributed;

namespace RecSys.Training.Rows;

/// <summary>
/// Rows that are spread over the processes of a group: of N, process p has the rows p, p + N, p + 2·N … of every table. A step sends the rows
/// it wants to the processes that have them and gets their values, then sends gradients; who has a row adds up what it gets, in the order of
/// the processes, and updates it once with the mean.
/// </summary>
/// <remarks>
/// A call is an exchange of all processes: each makes the same one at the same time, or <see cref="Serve"/>, which takes part in those of the
/// first process. First values and random rounding are those of whole tables. One exchange at a time.
/// </remarks>
internal sealed class ExchangedRowStore : IRowStore
{
    private const int Arguments = 4;

    private readonly Lock _lock = new();
    private readonly ProcessGroup _group;
    private readonly MemoryRowStore _own;
    private readonly RowBatch[] _asked;

    /// <summary>Allocates and fills this process's rows.</summary>
    /// <param name="group">The processes; they belong to the caller.</param>
    /// <param name="tables">The whole tables, the same in every process.</param>
    /// <param name="optimizer">Optimiser of the rows.</param>
    /// <param name="seed">Seed of the first values.</param>
    public ExchangedRowStore(ProcessGroup group, IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed)
    {
        _group = group;
        Tables = tables;
        Seed = seed;
        // A table has a row at least; where it has fewer rows than there are processes, some have one that nobody asks for.
        _own = new MemoryRowStore(
            [.. tables.Select(t => t with { RowCount = Math.Max(1, CountBefore(t.RowCount, group.Rank)), Numbers = new RowNumbers(group.Rank, group.WorldSize) })], optimizer, seed);
        _asked = [.. tables.Select((t, i) => new RowBatch(i, t.Width))];
    }

    private enum Operation : long
    {
        Serve,
        Gather,
        Apply,
        Read,
        Write,
        End,
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>Optimiser of the rows of this process; the number of its step is that of all.</summary>
    public SparseOptimizer Optimizer => _own.Optimizer;

    /// <summary>Seed of the first values.</summary>
    public ulong Seed { get; }

    private int Count => _group.WorldSize;

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<RowBatch> batches) => Exchange(Operation.Gather, batches);

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<RowBatch> batches) => Exchange(Operation.Apply, batches);

    /// <summary>Brings consecutive rows here, with the state of their optimiser.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="part">Receives them; its numbers say which they are.</param>
    public void Read(int table, RowTable part) => Exchange(Operation.Read, [], table, part);

    /// <summary>Replaces consecutive rows and the state of their optimiser.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="part">The rows; its numbers say which they are.</param>
    public void Write(int table, RowTable part) => Exchange(Operation.Write, [], table, part);

    /// <summary>Takes part in what the first process does with its rows, until that calls <see cref="End"/>.</summary>
    public void Serve()
    {
        while (Exchange(Operation.Serve, []) != Operation.End)
        {
        }
    }

    /// <summary>Ends <see cref="Serve"/> in the other processes.</summary>
    public void End() => Exchange(Operation.End, []);

    /// <inheritdoc/>
    public void Dispose() => _own.Dispose();

    // Three messages between any two processes: what is asked for, which rows, and their numbers, which go the one way or the other.
    // Returns what the first process does.
    private Operation Exchange(Operation operation, ReadOnlySpan<RowBatch> batches, int table = 0, RowTable? part = null)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            int width = Arguments + Tables.Count;
            var asking = torch.zeros([Count, width], torch.int64);
            WriteHeaders(asking.Data<long>(), operation, batches, table, part);
            var asked = torch.empty([Count, width], torch.int64);
            long[] one = [.. Enumerable.Repeat(1L, Count)];
            _group.AllToAll(asked, asking, one, one);
            Request[] own = [.. Enumerable.Range(0, Count).Select(p => new Request(asking.Data<long>().Slice(p * width, width)))];
            Request[] theirs = [.. Enumerable.Range(0, Count).Select(p => new Request(asked.Data<long>().Slice(p * width, width)))];
            if (Array.Find(theirs, r => r.Operation != operation && r.Operation != Operation.Serve && operation != Operation.Serve) is { } other)
                throw new InvalidOperationException($"This process came to {operation} while another came to {other.Operation}.");

            long[] sizes = [.. own.Select(r => r.RowCount)];
            long[] askedSizes = [.. theirs.Select(r => r.RowCount)];
            var rows = torch.empty([sizes.Sum()], torch.int64);
            WriteRows(rows.Data<long>(), sizes, batches);
            var askedRows = torch.empty([askedSizes.Sum()], torch.int64);
            _group.AllToAll(askedRows, rows, askedSizes, sizes);
            Collect(askedRows.Data<long>(), theirs);

            // What goes along with a request, and what answers one; of two processes one way is empty.
            long[] sent = [.. Enumerable.Range(0, Count).Select(p => BytesAlong(own[p], p) + BytesBack(theirs[p], _group.Rank))];
            long[] received = [.. Enumerable.Range(0, Count).Select(p => BytesAlong(theirs[p], _group.Rank) + BytesBack(own[p], p))];
            var sending = torch.empty([sent.Sum()], torch.uint8);
            var receiving = torch.empty([received.Sum()], torch.uint8);
            if (theirs.Any(r => r.Operation == Operation.Gather))
                _own.Gather(_asked);
            Send(sending.Data<byte>(), sent, operation, theirs, batches, part);
            _group.AllToAll(receiving, sending, received, sent);
            Receive(receiving.Data<byte>(), received, operation, theirs, batches, part);
            return theirs[0].Operation;
        }
    }

    private void WriteHeaders(Span<long> headers, Operation operation, ReadOnlySpan<RowBatch> batches, int table, RowTable? part)
    {
        int width = headers.Length / Count;
        for (int p = 0; p < Count; p++)
        {
            var header = headers.Slice(p * width, width);
            header[0] = (long)operation;
            (header[1], header[2], header[3]) = (table, part?.Spec.Numbers.First ?? 0, part?.Spec.RowCount ?? 0);
        }

        foreach (var batch in batches)
        {
            foreach (long row in batch.Rows)
                headers[((int)(row % Count) * width) + Arguments + batch.Table]++;
        }
    }

    // The numbers that rows have where they are: table after table, in the order of the batch.
    private void WriteRows(Span<long> rows, long[] sizes, ReadOnlySpan<RowBatch> batches)
    {
        int[] next = Starts(sizes);
        foreach (var batch in batches)
        {
            foreach (long row in batch.Rows)
                rows[next[row % Count]++] = row / Count;
        }
    }

    // Rows that several processes ask for are one row.
    private void Collect(ReadOnlySpan<long> rows, Request[] requests)
    {
        foreach (var batch in _asked)
            batch.Clear();
        int next = 0;
        foreach (var request in requests)
        {
            for (int t = 0; t < _asked.Length; t++)
            {
                _asked[t].Add(rows.Slice(next, request.Counts[t]));
                next += request.Counts[t];
            }
        }
    }

    private void Send(Span<byte> bytes, long[] sizes, Operation operation, Request[] requests, ReadOnlySpan<RowBatch> batches, RowTable? part)
    {
        int[] next = Starts(sizes);
        if (operation == Operation.Apply)
            Spread(bytes, next, batches);
        if (operation == Operation.Write)
            CopyPart(bytes, next, part!, toBytes: true);
        int[] done = new int[_asked.Length];
        foreach ((int p, var request) in requests.Index())
        {
            for (int t = 0; t < _asked.Length; t++)
            {
                var batch = _asked[t];
                if (request.Operation == Operation.Gather)
                {
                    int size = batch.Width * sizeof(float);
                    var values = MemoryMarshal.AsBytes(batch.Values);
                    for (int i = 0; i < request.Counts[t]; i++)
                        values.Slice(batch.Index[done[t] + i] * size, size).CopyTo(bytes[(next[p] + (i * size))..]);
                    next[p] += request.Counts[t] * size;
                }

                done[t] += request.Counts[t];
            }

            if (request.Operation == Operation.Read)
                CopyOwn(bytes[next[p]..], request, toBytes: true);
        }
    }

    private void Receive(Span<byte> bytes, long[] sizes, Operation operation, Request[] requests, ReadOnlySpan<RowBatch> batches, RowTable? part)
    {
        int[] next = Starts(sizes);
        if (operation == Operation.Gather)
            Join(bytes, next, batches);
        if (operation == Operation.Read)
            CopyPart(bytes, next, part!, toBytes: false);
        if (Array.Exists(requests, r => r.Operation == Operation.Apply))
            Update(bytes, next, requests);
        foreach ((int p, var request) in requests.Index().Where(r => r.Item.Operation == Operation.Write))
            CopyOwn(bytes[next[p]..], request, toBytes: false);
    }

    // The gradients of each process are those of the mean over its own samples.
    private void Update(ReadOnlySpan<byte> bytes, int[] next, Request[] requests)
    {
        foreach (var batch in _asked)
            batch.ClearGradients();
        int[] done = new int[_asked.Length];
        float share = 1f / Count;
        foreach ((int p, var request) in requests.Index())
        {
            for (int t = 0; t < _asked.Length; t++)
            {
                var batch = _asked[t];
                var sums = batch.Gradients;
                var gradients = MemoryMarshal.Cast<byte, float>(bytes.Slice(next[p], request.Counts[t] * batch.Width * sizeof(float)));
                for (int i = 0; i < request.Counts[t]; i++)
                {
                    var sum = sums.Slice(batch.Index[done[t] + i] * batch.Width, batch.Width);
                    TensorPrimitives.MultiplyAdd(gradients.Slice(i * batch.Width, batch.Width), share, sum, sum);
                }

                done[t] += request.Counts[t];
                next[p] += gradients.Length * sizeof(float);
            }
        }

        _own.Apply(_asked);
    }

    private void Spread(Span<byte> bytes, int[] next, ReadOnlySpan<RowBatch> batches)
    {
        foreach (var batch in batches)
        {
            int size = batch.Width * sizeof(float);
            var gradients = MemoryMarshal.AsBytes(batch.Gradients);
            for (int i = 0; i < batch.Count; i++)
            {
                ref int at = ref next[batch.Rows[i] % Count];
                gradients.Slice(i * size, size).CopyTo(bytes[at..]);
                at += size;
            }
        }
    }

    private void Join(ReadOnlySpan<byte> bytes, int[] next, ReadOnlySpan<RowBatch> batches)
    {
        foreach (var batch in batches)
        {
            int size = batch.Width * sizeof(float);
            var values = MemoryMarshal.AsBytes(batch.Values);
            for (int i = 0; i < batch.Count; i++)
            {
                ref int at = ref next[batch.Rows[i] % Count];
                bytes.Slice(at, size).CopyTo(values[(i * size)..]);
                at += size;
            }
        }
    }

    private void CopyPart(Span<byte> bytes, int[] next, RowTable part, bool toBytes)
    {
        for (long row = 0; row < part.Spec.RowCount; row++)
        {
            ref int at = ref next[part.Spec.Numbers.Of(row) % Count];
            at += CopyRow(part, row, bytes[at..], toBytes);
        }
    }

    private void CopyOwn(Span<byte> bytes, Request request, bool toBytes)
    {
        var table = _own.RowTables[request.Table];
        int at = 0;
        long end = CountBefore(request.First + request.Length, _group.Rank);
        for (long row = CountBefore(request.First, _group.Rank); row < end; row++)
            at += CopyRow(table, row, bytes[at..], toBytes);
    }

    // A row and its state into bytes, or out of them.
    private static int CopyRow(RowTable table, long row, Span<byte> bytes, bool toBytes)
    {
        var values = table.RowBytes(row);
        var state = MemoryMarshal.AsBytes(table.State(row));
        var first = bytes[..values.Length];
        var second = bytes.Slice(values.Length, state.Length);
        if (toBytes)
        {
            values.CopyTo(first);
            state.CopyTo(second);
        }
        else
        {
            first.CopyTo(values);
            second.CopyTo(state);
        }

        return values.Length + state.Length;
    }

    // Bytes that go along with a request to a process.
    private long BytesAlong(Request request, int process) => request.Operation switch
    {
        Operation.Apply => NumberCount(request) * sizeof(float),
        Operation.Write => PartBytes(request, process),
        _ => 0,
    };

    private long BytesBack(Request request, int process) => request.Operation switch
    {
        Operation.Gather => NumberCount(request) * sizeof(float),
        Operation.Read => PartBytes(request, process),
        _ => 0,
    };

    private long NumberCount(Request request) => request.Counts.Index().Sum(c => (long)c.Item * Tables[c.Index].Width);

    private long PartBytes(Request request, int process)
    {
        var table = _own.RowTables[request.Table];
        return (CountBefore(request.First + request.Length, process) - CountBefore(request.First, process)) * (table.Spec.RowByteCount + (table.StateWidth * sizeof(float)));
    }

    // Rows of a process with a number below another.
    private long CountBefore(long row, int process) => row <= process ? 0 : (row - process + Count - 1) / Count;

    private static int[] Starts(long[] sizes)
    {
        int[] starts = new int[sizes.Length];
        for (int p = 1; p < starts.Length; p++)
            starts[p] = checked(starts[p - 1] + (int)sizes[p - 1]);
        return starts;
    }

    private sealed class Request(ReadOnlySpan<long> header)
    {
        public Operation Operation { get; } = (Operation)header[0];

        public int Table { get; } = (int)header[1];

        public long First { get; } = header[2];

        public long Length { get; } = header[3];

        public int[] Counts { get; } = [.. header[Arguments..].ToArray().Select(c => (int)c)];

        public long RowCount => Counts.Sum(c => (long)c);
    }
}
