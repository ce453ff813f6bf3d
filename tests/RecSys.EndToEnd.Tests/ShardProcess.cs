namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys cluster serve-shard</c> as a process.</summary>
internal sealed class ShardProcess(string name, string[] args) : ServerProcess(["cluster", "serve-shard", "--name", name, .. args, "--url"])
{
    public ShardProcess(string name, string folder, string durability)
        : this(name, ["--data", folder, "--durability", durability])
    {
    }

    public string Name => name;
}
