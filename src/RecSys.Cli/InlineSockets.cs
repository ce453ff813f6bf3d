namespace RecSys.Cli;

/// <summary>
/// What a socket has received is handled by the thread that waited for it. To wake another one takes longer than a look-up, so a process that
/// does little else gains; one that blocks these threads holds up its other connections.
/// </summary>
internal static class InlineSockets
{
    // Read once, by the first socket.
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Does so in this process, and in those that it starts, unless the variable is set already.</summary>
    public static void Enable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Environment.SetEnvironmentVariable(Variable, "1");
    }
}
