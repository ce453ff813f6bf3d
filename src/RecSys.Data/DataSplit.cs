namespace RecSys.Data;

/// <summary>A part of a data set; the numbers are stored nowhere, the names are folders.</summary>
public enum DataSplit
{
    /// <summary>What models, vocabularies and statistics are fitted on.</summary>
    Train,

    /// <summary>What decides on stopping and settings.</summary>
    Validation,

    /// <summary>What is reported.</summary>
    Test,
}
