namespace RecSys.Cluster.Tests;

/// <summary>Breaks valid requests at random.</summary>
internal static class RequestMutator
{
    /// <summary>A request with one to three changes; it may be the array that was given.</summary>
    public static byte[] Mutate(byte[] request, Random random)
    {
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            // Most numbers that matter are at the beginning.
            int at = random.Next(random.Next(3) == 0 ? request.Length : Math.Min(request.Length, 400));
            switch (random.Next(4))
            {
                case 0:
                    request[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    request[at] = (byte)random.Next(256);
                    break;
                case 2:
                    random.NextBytes(request.AsSpan(at, Math.Min(8, request.Length - at)));
                    break;
                default:
                    request = random.Next(2) == 0 ? request[..Math.Max(1, at)] : [.. request, .. request[..at]];
                    break;
            }
        }

        return request;
    }
}
