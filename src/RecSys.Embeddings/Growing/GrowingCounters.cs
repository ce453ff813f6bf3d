namespace RecSys.Embeddings.Growing;

/// <summary>What happened to ids and rows since a growing table was created. Every occurrence in training counts in exactly one of the
/// first four numbers.</summary>
/// <param name="Found">Occurrences in training whose id had a row, or got one by another occurrence in the same call.</param>
/// <param name="Admitted">Ids that got a row.</param>
/// <param name="NotYetAdmitted">Occurrences in training whose id has to wait.</param>
/// <param name="RejectedFull">Occurrences in training whose id could have had a row, but none was free or could be evicted.</param>
/// <param name="Expired">Rows evicted because they were not used for longer than the time to live.</param>
/// <param name="Displaced">Rows evicted to make room for an id.</param>
/// <param name="Forgotten">Ids whose counts were dropped to make room for others; the counting Bloom filter counts all it had taken in.</param>
/// <param name="Reads">Ids looked up without training.</param>
/// <param name="DefaultReads">Those of <paramref name="Reads"/> that had no row.</param>
public record struct GrowingCounters(
    long Found,
    long Admitted,
    long NotYetAdmitted,
    long RejectedFull,
    long Expired,
    long Displaced,
    long Forgotten,
    long Reads,
    long DefaultReads);
