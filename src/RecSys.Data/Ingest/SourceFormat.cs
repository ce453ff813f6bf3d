namespace RecSys.Data.Ingest;

/// <summary>File formats that can be read, each also compressed as <c>.gz</c> or <c>.zst</c> where it is text.</summary>
internal enum SourceFormat
{
    /// <summary>Text in columns, comma-separated unless configured otherwise.</summary>
    Csv,

    /// <summary>Text in columns, separated by tabs.</summary>
    Tsv,

    /// <summary>Parquet.</summary>
    Parquet,

    /// <summary>JSON: an array of records, or one record a line.</summary>
    Json,

    /// <summary><c>label id:value id:value …</c></summary>
    Libsvm,

    /// <summary>Whole lines, as a column <c>line</c>.</summary>
    Lines,
}
