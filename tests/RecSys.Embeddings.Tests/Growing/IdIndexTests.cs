using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

[Collection(OutstandingMemory.Name)]
public sealed class IdIndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void AddAndRemove_ManyTimes_FindsWhatADictionaryFinds(int capacity)
    {
        using var index = new IdIndex(capacity, salt: 3);
        Dictionary<long, int> model = [];
        var random = new Random(1);
        long[] ids = [.. Enumerable.Range(0, (2 * capacity) + 1).Select(i => i % 3 == 0 ? random.NextInt64() : i), 0, -1, long.MinValue, long.MaxValue];
        for (int i = 0; i < 20_000; i++)
        {
            long id = ids[random.Next(ids.Length)];
            if (model.Remove(id, out int slot))
                index.Remove(slot);
            else if (model.Count < capacity)
                index.Add(id, model[id] = index.NextFree(random.Next(capacity)));

            Assert.Equal(model.Count, index.Count);
            if (i % 50 == 0)
                Assert.All(ids, other => Assert.Equal(model.GetValueOrDefault(other, -1), index.Find(other)));
        }

        Assert.All(model, pair => Assert.Equal(pair.Key, index.IdOf(pair.Value)));
        Assert.Equal(model.Values.Order(), Enumerable.Range(0, capacity).Where(index.IsUsed));
    }

    // Removed ids leave nothing behind: the places in use are those of an index that never held them.
    [Fact]
    public void Remove_AfterLongChurn_LeavesTheIndexAsNew()
    {
        const int Capacity = 1000;
        using var churned = new IdIndex(Capacity, salt: 3);
        for (int slot = 0; slot < Capacity; slot++)
            churned.Add(slot, slot);
        var random = new Random(1);
        for (long id = Capacity; id < 500_000; id++)
        {
            int slot = random.Next(Capacity);
            churned.Remove(slot);
            churned.Add(id, slot);
        }

        using var fresh = new IdIndex(Capacity, salt: 3);
        for (int slot = 0; slot < Capacity; slot++)
            fresh.Add(churned.IdOf(slot), slot);

        Assert.Equal(UsedPlaces(fresh), UsedPlaces(churned));
        Assert.Equal(Capacity, UsedPlaces(fresh).Count(isUsed => isUsed));
    }

    // Ids that differ in a few bits anywhere are spread alike: a search looks at 2 places when the index is full.
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(44)]
    public void Find_IdsInSequence_LooksAtFewPlaces(int shift)
    {
        const int Capacity = 100_000;
        using var index = new IdIndex(Capacity, salt: 3);
        for (int slot = 0; slot < Capacity; slot++)
            index.Add((long)slot << shift, slot);

        long looks = 0;
        for (int place = 0; place < index.Entries.Length; place++)
        {
            int home = index.Home(index.Entries[place].Id);
            looks += index.Entries[place].IsFree ? 0 : 1 + ((place - home + index.Entries.Length) % index.Entries.Length);
        }

        Assert.InRange(looks / (double)Capacity, 1.9, 2.1);
    }

    [Fact]
    public void NextFree_OneFreeSlot_FindsItFromAnywhere()
    {
        using var index = new IdIndex(5, salt: 3);
        foreach (int slot in new[] { 0, 1, 3, 4 })
            index.Add(slot, slot);

        Assert.All(Enumerable.Range(0, 5), start => Assert.Equal(2, index.NextFree(start)));
    }

    [Fact]
    public void ByteCounts_AreThoseAllocated()
    {
        IdIndex? index = null;
        Assert.Equal(IdIndex.FindByteCount(1001) + IdIndex.ChangeByteCount(1001), OutstandingMemory.LeftBy(() => index = new IdIndex(1001, 1)));
        Assert.Equal(12 * (1001 + 500 + 1), IdIndex.FindByteCount(1001));
        index!.Dispose();
    }

    private static bool[] UsedPlaces(IdIndex index)
    {
        bool[] used = new bool[index.Entries.Length];
        for (int place = 0; place < used.Length; place++)
            used[place] = !index.Entries[place].IsFree;
        return used;
    }
}
