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
internal sealed class ExchangedRowStore : ITensorRowStore
{
    private const int Arguments = 4;

    private readonly Lock _lock = new();
    private readonly ProcessGroup _group;
    private readonly RowShard _own;
    private readonly RowBatch[] _asked;
    private readonly RowOrder _nothing;

    /// <summary>Allocates and fills this process's rows.</summary>
    /// <param name="group">The processes; they belong to the caller.</param>
    /// <param name="tables">The whole tables, the same in every process.</param>
    /// <param name="optimizer">Optimiser of the rows.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="device">Where they are, and where look-ups compute; null for the memory of this process.</param>
    /// <param name="cachedRows">Of the rows of this process, as <see cref="DeviceRowStore"/> wants it.</param>
    public ExchangedRowStore(
        ProcessGroup group, IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed, Device? device = null, Func<TableSpec, int?>? cachedRows = null)
    {
        _group = group;
        Tables = tables;
        Seed = seed;
        IsOnDevice = device is not null;
        TableSpec[] own = [.. tables.Select(t => ShareOf(t, group.Rank, group.WorldSize))];
        _own = device is null ? new HostRowShard(new MemoryRowStore(own, optimizer, seed)) : new DeviceRowShard(new DeviceRowStore(own, optimizer, seed, device.Value, cachedRows));
        _asked = [.. tables.Select((t, i) => new RowBatch(i, t.Width))];
        _nothing = new RowOrder([], Count, tables.Count);
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

    /// <inheritdoc/>
    public bool IsOnDevice { get; }

    /// <inheritdoc/>
    public Device Device => _own.Device;

    /// <summary>Optimiser of the rows of this process; the number of its step is that of all.</summary>
    public SparseOptimizer Optimizer => _own.Optimizer;

    /// <summary>Seed of the first values.</summary>
    public ulong Seed { get; }

    private int Count => _group.WorldSize;

    /// <summary>The rows of a table that one of several processes has.</summary>
    /// <param name="table">The whole table.</param>
    /// <param name="rank">Number of the process.</param>
    /// <param name="count">Processes.</param>
    /// <returns>A row at least: where a table has fewer rows than there are processes, some have one that nobody asks for.</returns>
    public static TableSpec ShareOf(TableSpec table, int rank, int count)
        => table with { RowCount = Math.Max(1, CountBefore(table.RowCount, rank, count)), Numbers = new RowNumbers(rank, count) };

    /// <inheritdoc/>
    public DeviceTable? TableInPlace(int table) => null;

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            var order = new RowOrder(batches, Count, Tables.Count);
            var talk = Agree(Operation.Gather, order);
            order.Copy(SwapValues(talk, order).cpu().Data<float>(), Sizes(talk.Own), batches, toBatches: true);
        }
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            var order = new RowOrder(batches, Count, Tables.Count);
            var talk = Agree(Operation.Apply, order);
            long[] sizes = Sizes(talk.Own);
            var gradients = torch.empty([sizes.Sum()]);
            order.Copy(gradients.Data<float>(), sizes, batches, toBatches: false);
            SwapGradients(talk, order, gradients);
        }
    }

    /// <inheritdoc/>
    public Tensor[] Bring(ReadOnlySpan<RowBatch> batches)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            var order = new RowOrder(batches, Count, Tables.Count);
            var talk = Agree(Operation.Gather, order);
            var values = ByTable(SwapValues(talk, order), talk.Own);
            return [.. batches.ToArray().Select((b, i) => values[b.Table].index_select(0, torch.tensor(order.Places(i), device: Device)).MoveToOuterDisposeScope())];
        }
    }

    /// <inheritdoc/>
    public void Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            var order = new RowOrder(batches, Count, Tables.Count);
            var talk = Agree(Operation.Apply, order);
            var byTable = new Tensor[Tables.Count];
            for (int i = 0; i < batches.Length; i++)
                byTable[batches[i].Table] = gradients[i].index_select(0, torch.tensor(order.Order(i), device: Device));
            SwapGradients(talk, order, ByProcess(byTable, talk.Own));
        }
    }

    /// <summary>Brings consecutive rows here, with the state of their optimiser.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="part">Receives them; its numbers say which they are.</param>
    public void Read(int table, RowTable part) => Copy(Operation.Read, table, part);

    /// <summary>Replaces consecutive rows and the state of their optimiser.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="part">The rows; its numbers say which they are.</param>
    public void Write(int table, RowTable part) => Copy(Operation.Write, table, part);

    /// <summary>Takes part in what the first process does with its rows, until that calls <see cref="End"/>.</summary>
    public void Serve()
    {
        while (true)
        {
            lock (_lock)
            {
                using var scope = torch.NewDisposeScope();
                var talk = Agree(Operation.Serve, _nothing);
                switch (talk.Operation)
                {
                    case Operation.Gather:
                        SwapValues(talk, _nothing);
                        break;
                    case Operation.Apply:
                        SwapGradients(talk, _nothing, torch.empty([0], device: Device));
                        break;
                    case Operation.Read or Operation.Write:
                        SwapParts(talk, null);
                        break;
                    default:
                        return;
                }
            }
        }
    }

    /// <summary>Ends <see cref="Serve"/> in the other processes.</summary>
    public void End()
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            Agree(Operation.End, _nothing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _own.Dispose();

    private static long CountBefore(long row, int process, int count) => row <= process ? 0 : (row - process + count - 1) / count;

    private static long[] Starts(IEnumerable<long> sizes)
    {
        long start = 0;
        return [.. sizes.Select(size => (start += size) - size)];
    }

    // Rows of a process with a number below another.
    private long CountBefore(long row, int process) => CountBefore(row, process, Count);

    private void Copy(Operation operation, int table, RowTable part)
    {
        lock (_lock)
        {
            using var scope = torch.NewDisposeScope();
            SwapParts(Agree(operation, _nothing, table, part), part);
        }
    }

    // Every process says what it wants of every other, and hears what they want of it.
    private Talk Agree(Operation operation, RowOrder order, int table = 0, RowTable? part = null)
    {
        int width = Arguments + Tables.Count;
        long[] headers = new long[Count * width];
        foreach ((int p, long[] counts) in order.Counts.Index())
        {
            var header = headers.AsSpan(p * width, width);
            header[0] = (long)operation;
            (header[1], header[2], header[3]) = (table, part?.Spec.Numbers.First ?? 0, part?.Spec.RowCount ?? 0);
            counts.CopyTo(header[Arguments..]);
        }

        long[] sizes = [.. Enumerable.Repeat((long)width, Count)];
        long[] heard = Swap(torch.tensor(headers), sizes, sizes).ToArray<long>();
        Request[] own = [.. headers.Chunk(width).Select(h => new Request(h))];
        Request[] theirs = [.. heard.Chunk(width).Select(h => new Request(h))];
        var operations = theirs.Select(r => r.Operation).Append(operation).Where(o => o != Operation.Serve).Distinct().ToList();
        return operations.Count == 1 ? new Talk(operations[0], own, theirs) : throw new InvalidOperationException($"This process came to {operation} while others came to {string.Join(", ", operations)}.");
    }

    // Returns the rows that this process wants, process after process, table after table.
    private Tensor SwapValues(Talk talk, RowOrder order)
    {
        Ask(talk, order);
        return Swap(ByProcess(_own.Gather(_asked), talk.Theirs), Sizes(talk.Theirs), Sizes(talk.Own)).to(Device);
    }

    // The gradients of each process are those of the mean over its own samples.
    private void SwapGradients(Talk talk, RowOrder order, Tensor gradients)
    {
        Ask(talk, order);
        _own.Apply(_asked, ByTable(Swap(gradients, Sizes(talk.Own), Sizes(talk.Theirs)).to(Device), talk.Theirs), 1f / Count);
    }

    // Rows that several processes ask for are one row.
    private void Ask(Talk talk, RowOrder order)
    {
        var asked = Swap(torch.tensor(order.Rows), [.. talk.Own.Select(r => r.RowCount)], [.. talk.Theirs.Select(r => r.RowCount)]).cpu();
        var rows = asked.Data<long>();
        foreach (var batch in _asked)
            batch.Clear();
        foreach (var request in talk.Theirs)
        {
            for (int t = 0; t < _asked.Length; t++)
            {
                _asked[t].Add(rows[..request.Counts[t]]);
                rows = rows[request.Counts[t]..];
            }
        }
    }

    // Rows and states go from who has them to who reads them, or from who writes them.
    private void SwapParts(Talk talk, RowTable? part)
    {
        bool reads = talk.Operation == Operation.Read;
        long[] ofOwn = [.. talk.Own.Select((r, p) => PartByteCount(r, p))];
        long[] ofTheirs = [.. talk.Theirs.Select(r => PartByteCount(r, _group.Rank))];
        Tensor[] sending = reads ? [.. talk.Theirs.Select(ReadOwn)] : [.. talk.Own.Select((r, p) => torch.tensor(CopyPart(part, p, new byte[ofOwn[p]], toBytes: true)))];
        var received = Swap(torch.cat(sending), reads ? ofTheirs : ofOwn, reads ? ofOwn : ofTheirs).cpu();
        long start = 0;
        for (int p = 0; p < Count; p++)
        {
            long size = reads ? ofOwn[p] : ofTheirs[p];
            var bytes = received.narrow(0, start, size);
            start += size;
            if (reads)
                CopyPart(part, p, bytes.ToArray<byte>(), toBytes: false);
            else
                WriteOwn(talk.Theirs[p], bytes);
        }
    }

    private Tensor ReadOwn(Request request)
    {
        (long first, int count) = OwnRows(request, _group.Rank);
        return count == 0 ? torch.empty([0], torch.uint8) : _own.Read(request.Table, first, count).cpu();
    }

    private void WriteOwn(Request request, Tensor bytes)
    {
        (long first, int count) = OwnRows(request, _group.Rank);
        if (count > 0)
            _own.Write(request.Table, first, count, bytes);
    }

    // The rows that a process has of a part of a table, and their states behind them.
    private byte[] CopyPart(RowTable? part, int process, byte[] bytes, bool toBytes)
    {
        if (part is null)
            return bytes;
        long first = (((process - part.Spec.Numbers.First) % Count) + Count) % Count;
        int states = 0;
        for (long row = first; row < part.Spec.RowCount; row += Count)
            states += part.Spec.RowByteCount;
        int at = 0;
        for (long row = first; row < part.Spec.RowCount; row += Count)
        {
            var values = part.RowBytes(row);
            var state = MemoryMarshal.AsBytes(part.State(row));
            Move(values, bytes.AsSpan(at, values.Length), toBytes);
            Move(state, bytes.AsSpan(states, state.Length), toBytes);
            at += values.Length;
            states += state.Length;
        }

        return bytes;

        static void Move(Span<byte> row, Span<byte> bytes, bool toBytes)
        {
            if (toBytes)
                row.CopyTo(bytes);
            else
                bytes.CopyTo(row);
        }
    }

    private (long First, int Count) OwnRows(Request request, int process)
    {
        long first = CountBefore(request.First, process);
        return (first, (int)(CountBefore(request.First + request.Length, process) - first));
    }

    private long PartByteCount(Request request, int process)
    {
        var table = Tables[request.Table];
        return (long)OwnRows(request, process).Count * (table.RowByteCount + (Optimizer.StateWidth(table.Width) * sizeof(float)));
    }

    // From values table after table, in the order of the processes, to what goes to each process.
    private Tensor ByProcess(Tensor[] tables, Request[] requests)
    {
        long[] next = new long[tables.Length];
        List<Tensor> pieces = [torch.empty([0], device: Device)];
        foreach (var request in requests)
        {
            for (int t = 0; t < tables.Length; t++)
            {
                if (request.Counts[t] > 0)
                    pieces.Add(tables[t].narrow(0, next[t], request.Counts[t]).view(-1));
                next[t] += request.Counts[t];
            }
        }

        return torch.cat(pieces);
    }

    private Tensor[] ByTable(Tensor received, Request[] requests)
    {
        List<Tensor>[] pieces = [.. Tables.Select(t => new List<Tensor>())];
        long next = 0;
        foreach (var request in requests)
        {
            for (int t = 0; t < pieces.Length; t++)
            {
                long size = (long)request.Counts[t] * Tables[t].Width;
                if (size > 0)
                    pieces[t].Add(received.narrow(0, next, size));
                next += size;
            }
        }

        return [.. pieces.Select((p, t) => (p.Count == 0 ? torch.empty([0], device: Device) : torch.cat(p)).view(-1, Tables[t].Width))];
    }

    private long[] Sizes(Request[] requests) => [.. requests.Select(r => r.Counts.Select((count, t) => (long)count * Tables[t].Width).Sum())];

    private Tensor Swap(Tensor sending, long[] sent, long[] received)
    {
        var to = torch.empty([received.Sum()], sending.dtype, _group.Device);
        _group.AllToAll(to, sending.to(_group.Device), received, sent);
        return to;
    }

    // What all processes do, what this one wants of each, and what each wants of this one.
    private sealed record Talk(Operation Operation, Request[] Own, Request[] Theirs);

    private sealed class Request(long[] header)
    {
        public Operation Operation { get; } = (Operation)header[0];

        public int Table { get; } = (int)header[1];

        public long First { get; } = header[2];

        public long Length { get; } = header[3];

        public int[] Counts { get; } = [.. header.Skip(Arguments).Select(c => (int)c)];

        public long RowCount => Counts.Sum(c => (long)c);
    }

    // Distinct rows by the process that has them.
    private sealed class RowOrder
    {
        private readonly int[] _tables;
        private readonly int[][] _processes;

        public RowOrder(ReadOnlySpan<RowBatch> batches, int count, int tableCount)
        {
            Counts = [.. Enumerable.Range(0, count).Select(_ => new long[tableCount])];
            _tables = new int[batches.Length];
            _processes = new int[batches.Length][];
            for (int b = 0; b < batches.Length; b++)
            {
                _tables[b] = batches[b].Table;
                int[] processes = _processes[b] = new int[batches[b].Count];
                var rows = batches[b].Rows;
                for (int i = 0; i < processes.Length; i++)
                {
                    processes[i] = (int)(rows[i] % count);
                    Counts[processes[i]][_tables[b]]++;
                }
            }

            long[] sizes = [.. Counts.Select(c => c.Sum())];
            Rows = new long[sizes.Sum()];
            long[] next = Starts(sizes);
            for (int b = 0; b < batches.Length; b++)
            {
                var rows = batches[b].Rows;
                for (int i = 0; i < rows.Length; i++)
                    Rows[next[_processes[b][i]]++] = rows[i] / count;
            }
        }

        // Per process, rows of each table.
        public long[][] Counts { get; }

        // Their numbers where they are: process after process, table after table, in the order of the batch.
        public long[] Rows { get; }

        // The place of each row of a batch among those of its table, process after process.
        public int[] Places(int batch)
        {
            long[] next = Starts(Counts.Select(c => c[_tables[batch]]));
            return [.. _processes[batch].Select(p => (int)next[p]++)];
        }

        // The row of each place of a batch.
        public int[] Order(int batch)
        {
            int[] places = Places(batch);
            int[] order = new int[places.Length];
            for (int i = 0; i < places.Length; i++)
                order[places[i]] = i;
            return order;
        }

        // Copies values out of numbers in the order of the rows, or gradients into them.
        public void Copy(Span<float> numbers, long[] sizes, ReadOnlySpan<RowBatch> batches, bool toBatches)
        {
            long[] next = Starts(sizes);
            for (int b = 0; b < batches.Length; b++)
            {
                int width = batches[b].Width;
                var own = toBatches ? batches[b].Values : batches[b].Gradients;
                foreach (int p in _processes[b])
                {
                    var there = numbers.Slice((int)next[p], width);
                    if (toBatches)
                        there.CopyTo(own);
                    else
                        own[..width].CopyTo(there);
                    own = own[width..];
                    next[p] += width;
                }
            }
        }
    }
}
