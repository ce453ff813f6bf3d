namespace RecSys.Embeddings;

/// <summary>
/// The ids of one feature for a mini-batch: a flat list of values, cut into samples by offsets.
/// A feature with exactly one id per sample keeps no offsets.
/// </summary>
/// <remarks>
/// The object is a reusable buffer: <see cref="Clear"/> keeps the memory. It is not thread-safe; one thread fills it,
/// and it is read-only until the next <see cref="Clear"/>.
/// </remarks>
public sealed class JaggedIds
{
    private long[] _values = [];
    private int[] _offsets = [0];
    private int _valueCount;
    private int _batchSize;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="isSingle">True when every sample has exactly one id (no offsets are kept).</param>
    public JaggedIds(bool isSingle) => IsSingle = isSingle;

    /// <summary>True when every sample has exactly one id; <see cref="Offsets"/> is then empty.</summary>
    public bool IsSingle { get; }

    /// <summary>Number of samples.</summary>
    public int BatchSize => IsSingle ? _valueCount : _batchSize;

    /// <summary>All ids, sample after sample.</summary>
    public ReadOnlySpan<long> Values => _values.AsSpan(0, _valueCount);

    /// <summary>Where each sample starts in <see cref="Values"/>; length <see cref="BatchSize"/> + 1, or empty for single-id features.</summary>
    public ReadOnlySpan<int> Offsets => IsSingle ? [] : _offsets.AsSpan(0, _batchSize + 1);

    /// <summary>Number of ids of one sample.</summary>
    /// <param name="sample">Index of the sample, 0 ≤ sample &lt; <see cref="BatchSize"/>.</param>
    public int Length(int sample) => IsSingle ? 1 : _offsets[sample + 1] - _offsets[sample];

    /// <summary>The ids of one sample.</summary>
    /// <param name="sample">Index of the sample, 0 ≤ sample &lt; <see cref="BatchSize"/>.</param>
    public ReadOnlySpan<long> Of(int sample) => IsSingle ? Values.Slice(sample, 1) : Values[_offsets[sample].._offsets[sample + 1]];

    /// <summary>Forgets all samples and keeps the memory.</summary>
    public void Clear()
    {
        _valueCount = 0;
        _batchSize = 0;
    }

    /// <summary>Gives every sample the ids of another.</summary>
    /// <param name="order">For each sample the one whose ids it gets.</param>
    public void Rearrange(ReadOnlySpan<int> order)
    {
        if (order.Length != BatchSize)
            throw new ArgumentException($"{order.Length} samples were given for {BatchSize}.", nameof(order));
        var before = new JaggedIds(IsSingle) { _values = Values.ToArray(), _offsets = [.. Offsets], _valueCount = _valueCount, _batchSize = _batchSize };
        Clear();
        foreach (int sample in order)
            Add(before.Of(sample));
    }

    /// <summary>Adds one sample.</summary>
    /// <param name="ids">Its ids: exactly one for a single-id feature, any number otherwise.</param>
    /// <exception cref="ArgumentException">A single-id feature was given another number of ids.</exception>
    public void Add(ReadOnlySpan<long> ids)
    {
        if (IsSingle && ids.Length != 1)
            throw new ArgumentException($"A single-id feature takes exactly one id per sample, but {ids.Length} were given.", nameof(ids));

        ids.CopyTo(AddSamples(1, ids.Length));
        if (!IsSingle)
            _offsets[_batchSize] = _valueCount;
    }

    /// <summary>Adds one sample of a single-id feature.</summary>
    /// <param name="id">Its id.</param>
    public void Add(long id) => Add([id]);

    /// <summary>
    /// Makes room for several samples at once and returns the place for their ids. For jagged features the caller
    /// then writes the end of each added sample through <see cref="EndOffsets"/>.
    /// </summary>
    /// <param name="sampleCount">Number of samples added.</param>
    /// <param name="idCount">Number of ids of all added samples together.</param>
    public Span<long> AddSamples(int sampleCount, int idCount)
    {
        if (_values.Length < _valueCount + idCount)
            Array.Resize(ref _values, Math.Max(_valueCount + idCount, 2 * _values.Length));

        var place = _values.AsSpan(_valueCount, idCount);
        _valueCount += idCount;
        if (!IsSingle)
        {
            if (_offsets.Length < _batchSize + sampleCount + 1)
                Array.Resize(ref _offsets, Math.Max(_batchSize + sampleCount + 1, 2 * _offsets.Length));
            _batchSize += sampleCount;
        }

        return place;
    }

    /// <summary>
    /// The end offsets (into <see cref="Values"/>) of the last samples added by <see cref="AddSamples"/>, to be written by the caller.
    /// </summary>
    /// <param name="sampleCount">Number of samples of that call.</param>
    /// <exception cref="InvalidOperationException">The feature has one id per sample and keeps no offsets.</exception>
    public Span<int> EndOffsets(int sampleCount)
    {
        if (IsSingle)
            throw new InvalidOperationException("A single-id feature keeps no offsets.");
        return _offsets.AsSpan(_batchSize - sampleCount + 1, sampleCount);
    }
}
