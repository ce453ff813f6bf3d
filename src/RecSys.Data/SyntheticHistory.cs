namespace RecSys.Data;

/// <summary>
/// Behaviour in a synthetic data set: users have a few interests (categories), most of what they see is something else, and the label
/// depends on whether the candidate's category occurs among the last items seen. So a model that weighs the history by the candidate
/// does better than one that averages it.
/// </summary>
/// <param name="User">Index of the field of users.</param>
/// <param name="Item">Index of the field of items.</param>
/// <param name="Category">Index of the field of categories; an item's category is its id modulo this field's cardinality.</param>
public sealed record SyntheticHistory(int User, int Item, int Category)
{
    /// <summary>Items a history holds at most.</summary>
    /// <value>30.</value>
    public int Length { get; init; } = 30;

    /// <summary>Categories a user is interested in.</summary>
    /// <value>3.</value>
    public int InterestCount { get; init; } = 3;

    /// <summary>Share of rows whose item is of an interest of the user; the others are the distractors.</summary>
    /// <value>0.3.</value>
    public double InterestShare { get; init; } = 0.3;

    /// <summary>What a match adds to the logit: half for one item of the candidate's category in the history, all for two or more.</summary>
    /// <value>2.5.</value>
    public double Weight { get; init; } = 2.5;

    /// <summary>
    /// What the behaviours of the candidate's category add to the logit by how similar to the candidate they are: the sum of the products of
    /// their latent vectors with the candidate's, divided by the root of their number. The vectors have nothing to do with the categories, so what
    /// makes a behaviour matter and what it then says are two things.
    /// </summary>
    /// <value>0: nothing.</value>
    public double SimilarityWeight { get; init; }

    /// <summary>Whether the prepared data lacks the categories, so that a model learns from the labels alone which items belong together.</summary>
    public bool HidesCategory { get; init; }
}
