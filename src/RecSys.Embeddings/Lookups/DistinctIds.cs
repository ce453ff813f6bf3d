using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Lookups;

/// <summary>The ids of features of one field, of which each is looked up once per mini-batch.</summary>
/// <param name="features">Indices of the features.</param>
internal sealed class DistinctIds(int[] features)
{
    /// <summary>Indices of the features.</summary>
    public int[] Features => features;

    /// <summary>Who reads what is computed for the ids; one entry per feature and set.</summary>
    public List<TableUse> Uses { get; } = [];

    /// <summary>Numbers the distinct ids of a mini-batch.</summary>
    /// <param name="plan">Receives where the ids of each feature begin.</param>
    /// <param name="batch">Receives the distinct ids and the place of each occurrence.</param>
    /// <param name="ids">Ids per feature.</param>
    public void Plan(LookupPlan plan, RowBatch batch, IReadOnlyList<JaggedIds> ids)
    {
        batch.Clear();
        foreach (int feature in features)
        {
            int start = batch.Add(ids[feature].Values);
            foreach (TableUse use in Uses)
            {
                if (use.Feature == feature)
                    plan.Starts[use.Slot] = start;
            }
        }
    }
}
