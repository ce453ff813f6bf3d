namespace RecSys.Data.Synthetic;

/// <summary>The last items that each user has seen.</summary>
internal sealed class HistoryRing(int userCount, int length)
{
    private readonly int[] _items = new int[userCount * length];
    private readonly int[] _counts = new int[userCount];

    /// <summary>The items of a user, in no order.</summary>
    internal ReadOnlySpan<int> Of(int user) => _items.AsSpan(user * length, Math.Min(_counts[user], length));

    /// <summary>Adds an item; the oldest is forgotten.</summary>
    internal void Add(int user, int item)
    {
        _items[user * length + _counts[user] % length] = item;
        _counts[user]++;
    }
}
