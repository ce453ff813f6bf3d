using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cluster;
using RecSys.Cluster.Http;
using RecSys.Cluster.Storage;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys cluster serve-shard</c>: a node with embedding rows, until it is told to stop.</summary>
internal static class ServeShardCommand
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { Description = "Name of the node, unique in the cluster; placement depends on it.", Required = true };
        var url = new Option<string>("--url") { Description = "Where to listen: http://ADDRESS:PORT or https://…; port 0 takes a free one.", DefaultValueFactory = _ => "http://127.0.0.1:7400" };
        var data = new Option<string?>("--data") { Description = "Folder for rows and logs; without it rows are in memory only." };
        var durability = new Option<string>("--durability") { Description = "log: an acknowledged update outlives kill -9. snapshot: a crash goes back to the last snapshot.", DefaultValueFactory = _ => "log" };
        durability.AcceptOnlyFromAmong("log", "snapshot");
        var keys = new Option<string?>("--api-keys") { Description = "File with a key a line, of which every request has to carry one." };
        var certificate = new Option<string?>("--certificate") { Description = "PEM file of the certificate, for https." };
        var certificateKey = new Option<string?>("--certificate-key") { Description = "PEM file of the certificate's key." };
        var protocol = new Option<string>("--protocol") { Description = "http2, or http1: a connection for each request on its way, and fewer copies.", DefaultValueFactory = _ => "http2" };
        protocol.AcceptOnlyFromAmong("http2", "http1");
        var defaults = new ShardServerOptions { Name = "", Url = "" };
        var maxRequests = CommonOptions.Count("--max-requests", "Requests that are worked on at the same time.", defaults.MaxConcurrentRequests);
        var maxQueue = CommonOptions.Count("--max-queue", "Requests that may wait besides; more are refused with 429.", defaults.MaxQueuedRequests);
        var maxConnections = CommonOptions.Count("--max-connections", "Connections at the same time; more are closed.", defaults.MaxConnections);
        var maxRequestBytes = new Option<long>("--max-request-bytes") { Description = "Largest request.", DefaultValueFactory = _ => defaults.MaxRequestBytes };
        var maxBytes = new Option<long>("--max-bytes") { Description = "Most bytes of rows, index and optimiser; a model that needs more is refused. The machine's memory by default.", DefaultValueFactory = _ => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes };
        var json = CommonOptions.Json();
        var command = new Command("serve-shard", "Holds a part of the embedding rows and answers look-ups and updates over HTTP.") 
        {
            name, url, data, durability, keys, certificate, certificateKey, protocol, maxRequests, maxQueue, maxConnections, maxRequestBytes, maxBytes, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new ShardServerOptions
            {
                Name = parsed.GetRequiredValue(name),
                Url = parsed.GetRequiredValue(url),
                Protocol = parsed.GetValue(protocol) == "http1" ? ShardProtocol.Http1 : ShardProtocol.Http2,
                MaxConcurrentRequests = parsed.GetValue(maxRequests),
                MaxQueuedRequests = parsed.GetValue(maxQueue),
                MaxConnections = parsed.GetValue(maxConnections),
                MaxRequestBytes = parsed.GetValue(maxRequestBytes),
                ApiKeys = parsed.GetValue(keys) is { } file ? ApiKeyFile.Read(file) : [],
                Certificate = parsed.GetValue(certificate),
                CertificateKey = parsed.GetValue(certificateKey),
            };
            var storage = parsed.GetValue(data) is { } folder
                ? new StorageOptions { Folder = folder, Durability = parsed.GetValue(durability) == "log" ? Durability.Log : Durability.Snapshot }
                : null;
            await RunAsync(options, storage, parsed.GetValue(maxBytes), parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellation).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task RunAsync(ShardServerOptions options, StorageOptions? storage, long maxBytes, bool json, TextWriter output, CancellationToken cancellation)
    {
        using var node = new ShardNode(options.Name, storage) { MaxBytes = maxBytes };
        await using (var server = await ShardServer.StartAsync(node, options, cancellation).ConfigureAwait(false))
        {
            if (json)
                new JsonLines(output).Write("listening", new { options.Name, server.Url });
            else
                await output.WriteLineAsync($"node {options.Name} listens at {server.Url}").ConfigureAwait(false);
            await server.WaitAsync(cancellation).ConfigureAwait(false);
        }

        node.Close();
    }
}
