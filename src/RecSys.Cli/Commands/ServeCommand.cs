using System.CommandLine;
using Microsoft.Extensions.Logging;
using RecSys.Cli.Output;
using RecSys.Data.Configuration;
using RecSys.Serving;
using RecSys.Serving.Http;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys serve</c>: look-ups and scores over HTTP, until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var run = new Argument<string?>("run") { Description = "Folder of a training run, whose name is that of the model; without it the configuration names the models.", Arity = ArgumentArity.ZeroOrOne };
        var config = new Option<string?>("--config") { Description = "YAML configuration of the server." };
        var urls = new Option<string?>("--urls") { Description = $"Where to listen: http://ADDRESS:PORT or https://…; port 0 takes a free one. {ServingConfig.DefaultUrl} by default." };
        var set = CommonOptions.Set();
        var json = CommonOptions.Json();
        var command = new Command("serve", "Answers embedding look-ups and scores of trained runs over HTTP.") { run, config, urls, set, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] overrides = [.. parsed.GetRequiredValue(set), .. parsed.GetValue(urls) is { } url ? [$"url={url}"] : Array.Empty<string>()];
            var node = parsed.GetValue(config) is { } file ? ConfigNode.Load(file, overrides) : ConfigNode.Parse("{}", "command line", overrides);
            var options = ServingConfig.Read(node, parsed.GetValue(run));
            await RunAsync(options, parsed.GetValue(json), parsed.InvocationConfiguration.Output, cancellation).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task RunAsync(ServingOptions options, bool json, TextWriter output, CancellationToken cancellation)
    {
        // Logs go where they do not disturb what is printed.
        using var logging = LoggerFactory.Create(builder => builder.AddJsonConsole().AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        await using var server = await ServingServer.StartAsync(options, logging.CreateLogger("RecSys.Serving"), cancellation).ConfigureAwait(false);
        if (json)
            new JsonLines(output).Write("listening", new { server.Url, server.Http2Url, Models = options.Models.Keys });
        else
            await output.WriteLineAsync($"{string.Join(", ", options.Models.Keys)} at {server.Url}{(server.Http2Url is { } http2 ? $", HTTP/2 at {http2}" : "")}").ConfigureAwait(false);
        await server.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
