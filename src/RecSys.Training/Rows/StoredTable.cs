using System.Runtime.InteropServices;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>
/// A table of a <see cref="DeviceRowStore"/>. Its rows are on the device, or in the memory of this process with those of the last mini-batches, and
/// those used most, in slots of a cache on the device. A row in a slot is read and updated there alone, until it makes way for another.
/// </summary>
/// <remarks>Rows are the same bits wherever they are, so what the cache has changes no value but for the last bit in which a device and a processor
/// may differ. Thread-safe, but rows must not be read while they are updated.</remarks>
internal sealed class StoredTable : IDisposable
{
    // Rows that are written back at once.
    private const int PieceLength = 1 << 16;

    private readonly Lock _lock = new();
    private readonly Device _device;
    private readonly DeviceTable _rows;
    private readonly DeviceTable? _cached;
    private readonly CacheSlots? _slots;
    private bool _isWrittenBack = true;

    /// <summary>Makes room; rows and state are not set.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="seed">Seed of the random rounding.</param>
    /// <param name="device">Device.</param>
    /// <param name="cachedRows">Rows that the device caches while all are in the memory of this process; null when all are on the device.</param>
    /// <exception cref="TorchException">The device has not enough memory.</exception>
    public StoredTable(TableSpec spec, SparseOptimizer optimizer, ulong seed, Device device, int? cachedRows)
    {
        _device = device;
        IsInPlace = cachedRows is null;
        _rows = new DeviceTable(spec, optimizer, seed, IsInPlace ? device : torch.CPU);
        if (cachedRows is not > 0)
            return;
        _slots = new CacheSlots(spec.RowCount, cachedRows.Value);
        _cached = new DeviceTable(spec with { RowCount = cachedRows.Value }, optimizer, seed, device);
    }

    /// <summary>Whether all rows are on the device.</summary>
    public bool IsInPlace { get; }

    /// <summary>Whether the device caches rows.</summary>
    public bool HasCache => _slots is not null;

    /// <summary>Rows that steps have updated, where there is a cache.</summary>
    public long Updated { get; private set; }

    /// <summary>Those of them that were not in the cache, and had to come or were updated elsewhere.</summary>
    public long Missed { get; private set; }

    /// <summary>All rows as they are now. They are here until the next update.</summary>
    /// <param name="isReplaced">Whether they are about to be replaced.</param>
    public DeviceTable All(bool isReplaced = false)
    {
        lock (_lock)
        {
            WriteBack();
            if (isReplaced)
                _slots?.Clear();
            return _rows;
        }
    }

    /// <summary>Reads rows, decoded.</summary>
    /// <param name="rows">Distinct rows.</param>
    /// <returns>[n, width], on the device.</returns>
    public Tensor Bring(ReadOnlySpan<long> rows)
    {
        if (_slots is null)
            return _rows.Gather(torch.tensor(rows, device: _rows.Device)).to(_device);
        lock (_lock)
        {
            var places = new Places(rows, _slots);
            if (places.Outside.Count == 0)
                return _cached!.Gather(places.Slots(_device));
            var outside = _rows.Gather(places.OutsideRows()).to(_device);
            if (places.Inside.Count == 0)
                return outside;
            var both = torch.cat([_cached!.Gather(places.Slots(_device)), outside]);
            return both.index_select(0, torch.tensor(places.Order(), device: _device));
        }
    }

    /// <summary>Updates rows of a table that is not on the device. Those that were asked for come into the cache first.</summary>
    /// <param name="rows">Distinct rows.</param>
    /// <param name="numbers">The same on the device, where the caller has them there.</param>
    /// <param name="gradients">Their summed gradients, [n, width], on the device; what they are afterwards is of no use.</param>
    /// <param name="optimizer">The rule, in a step that has begun.</param>
    public void Update(ReadOnlySpan<long> rows, Tensor? numbers, Tensor gradients, SparseOptimizer optimizer)
    {
        if (_slots is null)
        {
            _rows.Apply(torch.tensor(rows), gradients.cpu(), optimizer);
            return;
        }

        lock (_lock)
        {
            var places = new Places(rows, _slots);
            if (places.Outside.Count > 0)
            {
                Admit(rows);
                places = new Places(rows, _slots);
            }

            _isWrittenBack = false;
            Updated += rows.Length;
            Missed += places.Outside.Count;
            if (places.Outside.Count == 0)
            {
                DeviceTable.Apply([new TableUpdate(_cached!, places.Slots(_device), numbers ?? torch.tensor(rows, device: _device), gradients)], optimizer);
                return;
            }

            _rows.Apply(places.OutsideRows(), Part(places.Outside).cpu(), optimizer);
            if (places.Inside.Count > 0)
                DeviceTable.Apply([new TableUpdate(_cached!, places.Slots(_device), torch.tensor(places.InsideRows(), device: _device), Part(places.Inside))], optimizer);
        }

        Tensor Part(List<int> of) => gradients.index_select(0, torch.tensor(CollectionsMarshal.AsSpan(of), device: _device));
    }

    /// <summary>Brings rows of a mini-batch that is still to come into the cache.</summary>
    /// <param name="rows">Distinct rows.</param>
    public void Prefetch(ReadOnlySpan<long> rows)
    {
        lock (_lock)
            Admit(rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _cached?.Dispose();
        _slots?.Dispose();
    }

    private void Admit(ReadOnlySpan<long> rows)
    {
        var moves = _slots!.Admit(rows);
        Missed += moves.InRows.Count;
        Move(_cached!, moves.OutSlots, _rows, moves.OutRows);
        Move(_rows, moves.InRows, _cached!, moves.InSlots);
    }

    private void WriteBack()
    {
        if (_isWrittenBack || _slots is null)
            return;
        for (int first = 0; first < _slots.Count; first += PieceLength)
        {
            int count = Math.Min(PieceLength, _slots.Count - first);
            Move(_cached!, [.. Enumerable.Range(first, count).Select(slot => (long)slot)], _rows, [.. _slots.Rows.Slice(first, count)]);
        }

        _isWrittenBack = true;
    }

    private static void Move(DeviceTable from, List<long> rows, DeviceTable to, List<long> places)
    {
        if (rows.Count == 0)
            return;
        using var scope = torch.NewDisposeScope();
        var kept = from.Take(torch.tensor(CollectionsMarshal.AsSpan(rows), device: from.Device));
        to.Put(torch.tensor(CollectionsMarshal.AsSpan(places), device: to.Device), kept.To(to.Device));
    }

    // Where the rows of a mini-batch are: in slots, or outside.
    private readonly ref struct Places
    {
        private readonly ReadOnlySpan<long> _rows;
        private readonly long[] _slots;

        public Places(ReadOnlySpan<long> rows, CacheSlots slots)
        {
            _rows = rows;
            _slots = new long[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                _slots[i] = slots.Find(rows[i]);
                (_slots[i] < 0 ? Outside : Inside).Add(i);
            }
        }

        public List<int> Inside { get; } = [];

        public List<int> Outside { get; } = [];

        public Tensor Slots(Device device)
        {
            long[] all = _slots;
            return torch.tensor(Outside.Count == 0 ? all : [.. Inside.Select(i => all[i])], device: device);
        }

        public long[] InsideRows() => Of(Inside);

        public Tensor OutsideRows() => torch.tensor(Of(Outside));

        // Of each row, its place when those outside come after those inside.
        public int[] Order()
        {
            int[] order = new int[_slots.Length];
            foreach ((int place, int i) in Inside.Concat(Outside).Index())
                order[i] = place;
            return order;
        }

        private long[] Of(List<int> places)
        {
            long[] result = new long[places.Count];
            for (int i = 0; i < result.Length; i++)
                result[i] = _rows[places[i]];
            return result;
        }
    }
}
