namespace RecSys.Data.Synthetic;

/// <summary>The last items that each user has seen.</summary>
internal sealed class HistoryRing(int userCount, int length)
{
    private readonly int[] _items = new int[userCount * length];
    private readonly int[] _counts = new int[userCount];

    /// <summary>Number of items of a category, an item's category being its id modulo their number.</summary>
    internal int CountMatches(int user, int category, int categoryCount)
    {
        int matches = 0;
        foreach (int item in _items.AsSpan(user * length, Math.Min(_counts[user], length)))
            matches += item % categoryCount == category ? 1 : 0;
        return matches;
    }

    /// <summary>Adds an item; the oldest is forgotten.</summary>
    internal void Add(int user, int item)
    {
        _items[user * length + _counts[user] % length] = item;
        _counts[user]++;
    }
}
