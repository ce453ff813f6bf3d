using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Rows of ids that come and go: each key belongs to one bucket of a few rows, and a key that is taken in gets a free one of them or that
/// of the key which is needed least.
/// </summary>
/// <remarks>
/// Everything lies in the arrays of a state, so one that is saved and read goes on with the same bits. Row r has the key at place r. Not
/// thread-safe while keys are taken in.
/// </remarks>
internal sealed class RowCache : HotRows
{
    /// <summary>Rows of a bucket.</summary>
    public const int Ways = 8;

    private const string KeysName = "keys";
    private const string UsesName = "uses";
    private const int UseBits = 32;

    private readonly PackedArray _keys;
    private readonly KeyBuckets _buckets;
    private readonly PackedArray? _uses;

    /// <summary>Opens the rows that a state holds.</summary>
    /// <param name="state">A state with the arrays of <see cref="Create"/>, or of <see cref="Keys"/>, to be read alone.</param>
    /// <param name="rowCount">Number of rows, a multiple of <see cref="Ways"/>.</param>
    /// <param name="salt">Salt of the hash from keys to buckets.</param>
    /// <exception cref="InvalidDataException">The state holds no rows of that number.</exception>
    public RowCache(MethodState state, long rowCount, ulong salt)
    {
        _keys = state.Array(KeysName, rowCount);
        _buckets = new KeyBuckets(_keys, Ways, salt);
        _uses = state.Arrays.ContainsKey(UsesName) ? state.Array(UsesName, rowCount) : null;
    }

    /// <summary>Arrays of rows that no key has yet.</summary>
    /// <param name="rowCount">Number of rows.</param>
    /// <param name="keyBits">Bits of a key plus 1.</param>
    public static Dictionary<string, PackedArray> Create(long rowCount, int keyBits) => new()
    {
        [KeysName] = new PackedArray(rowCount, keyBits),
        [UsesName] = new PackedArray(rowCount, UseBits),
    };

    /// <summary>What is needed to find rows: a copy of the keys.</summary>
    public Dictionary<string, PackedArray> Keys()
    {
        var keys = new PackedArray(_keys.Length, _keys.Bits);
        for (long row = 0; row < keys.Length; row++)
            keys[row] = _keys[row];
        return new Dictionary<string, PackedArray> { [KeysName] = keys };
    }

    /// <inheritdoc/>
    public override long Row(long key) => _buckets.Find(key, _buckets.First(key));

    /// <summary>Notes the use of a key that has a row.</summary>
    /// <param name="key">Number of an id over all fields.</param>
    /// <param name="step">Step of the use, from 1.</param>
    /// <param name="countsUses">Whether uses are counted, or the last one is kept.</param>
    /// <returns>False when the key has no row.</returns>
    public bool Touch(long key, uint step, bool countsUses)
    {
        long row = Row(key);
        if (row >= 0)
            _uses![row] = countsUses ? Math.Min(_uses[row], uint.MaxValue - 1) + 1 : step;
        return row >= 0;
    }

    /// <summary>Gives a key that has none a row: a free one, or the one of its bucket with the fewest uses or the earliest last use.</summary>
    /// <param name="key">Number of an id over all fields.</param>
    /// <param name="step">Step of the use, from 1.</param>
    /// <param name="countsUses">As for <see cref="Touch"/>.</param>
    /// <returns>The row; −1 where all rows of the bucket were last used in this step.</returns>
    public long TakeIn(long key, uint step, bool countsUses)
    {
        // A free row has no uses, and comes first.
        long first = _buckets.First(key);
        long row = first;
        for (long other = first + 1; other < first + Ways; other++)
            row = _uses![other] < _uses[row] ? other : row;
        if (!countsUses && _uses![row] == step)
            return -1;
        _buckets[row] = key;
        _uses![row] = countsUses ? 1 : step;
        return row;
    }
}
