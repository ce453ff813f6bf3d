namespace RecSys.Data.Ingest;

/// <summary>Rules that deal rows out to the splits.</summary>
internal enum SplitRule
{
    /// <summary>Each row at random.</summary>
    Random,

    /// <summary>By time: the latest rows are test, those before validation.</summary>
    Time,

    /// <summary>Whole users at random.</summary>
    User,

    /// <summary>By time within each user.</summary>
    PerUserTime,

    /// <summary>As a column says.</summary>
    Given,
}
