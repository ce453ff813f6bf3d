using RecSys.Data;

namespace RecSys.Serving.Models;

/// <summary>The first requests of a version, before anyone waits for them: code is compiled, and the network has made its buffers.</summary>
internal static class Warmup
{
    private const int Samples = 32;
    private const int Ids = 256;

    /// <summary>Looks up the most frequent ids of each field, and scores.</summary>
    /// <param name="version">The version.</param>
    public static void Run(ServedVersion version)
    {
        try
        {
            LookUpAndScore(version);
        }
        catch (IOException) when (version.Run.LiveRows is not null)
        {
            // The nodes may be reached later; until then those who ask are told so.
        }
    }

    private static void LookUpAndScore(ServedVersion version)
    {
        foreach (var lookup in version.Run.Lookups)
        {
            foreach (var field in lookup.Fields)
            {
                long[] ids = [.. Enumerable.Range(0, (int)Math.Min(Ids, field.VocabularySize)).Select(id => (long)id)];
                lookup.Read(field.Name, ids, new float[ids.Length * lookup.Dimension]);
            }
        }

        version.Scoring?.ScoreAsync([.. Enumerable.Repeat(new EncodedSample(version.Run.Schema), Samples)], CancellationToken.None).GetAwaiter().GetResult();
    }
}
