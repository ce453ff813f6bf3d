using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Embeddings;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys plan</c>: bytes per table and part, before anything is allocated.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var command = new Command("plan", "Shows the bytes of every table before anything is allocated.") { config, set, experiment, json };
        command.SetAction(parsed =>
        {
            var run = RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment));
            var data = run.Dataset.Open();
            using var network = CtrNetwork.Create(run, data.Schema);
            var ledgers = network.CountBytes(run.SparseOptimizer.Create(), run.Train.BatchSize);
            var bytes = EmbeddingBytes.Of(ledgers, EmbeddingLayout.FullByteCount(data.Schema, network.Model.Sets));
            var tables = ledgers.SelectMany(l => l.Tables).ToList();
            var placement = new TablePlacement(run, run.Train.ParseDevice());
            placement.Require(network.Embeddings.Tables);
            var places = network.Embeddings.Tables.ToDictionary(t => t.Name, t => (placement.PlaceOf(t), placement.CachedRows(t)));
            var optimizer = run.SparseOptimizer.Create();
            var gpu = placement.Rest != TablePlace.Gpu ? null : new GpuBill(
                placement.OnGpu(network.Embeddings.Tables).Sum(t => DeviceTable.ByteCountOf(t, optimizer)), torch.cuda_is_available() ? DeviceMemory.Of(run.Train.FindDevice()) : null);
            long dense = network.Model.parameters().Sum(p => p.numel);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                WriteJson(new JsonLines(output), tables, bytes, dense, places, gpu);
            else
                WriteTable(output, tables, bytes, dense, optimizer.Name, places, gpu);
            return ExitCode.Success;
        });
        return command;
    }

    private static void WriteJson(JsonLines lines, List<TableBytes> tables, EmbeddingBytes bytes, long dense, Dictionary<string, (TablePlace Place, int? CachedRows)> places, GpuBill? gpu)
    {
        foreach (var t in tables)
            lines.Write("table", new { t.Name, t.RowCount, t.Width, t.Parameters, t.State, t.Gradients, Place = NameOf(places[t.Name].Place), places[t.Name].CachedRows });
        lines.Write("result", new
        {
            EmbeddingBytes = bytes.Serving,
            EmbeddingAuxiliaryBytes = bytes.Auxiliary,
            EmbeddingBytesTraining = bytes.Training,
            EmbeddingBytesDisk = bytes.Disk,
            FullBytes = bytes.Full,
            bytes.CompressionRatio,
            DenseParameters = dense,
            GpuBytes = gpu?.Bytes,
            GpuFreeBytes = gpu?.Memory?.Free,
        });
    }

    private static void WriteTable(TextWriter output, List<TableBytes> tables, EmbeddingBytes bytes, long dense, string optimizer, Dictionary<string, (TablePlace Place, int? CachedRows)> places, GpuBill? gpu)
    {
        var table = new MarkdownTable("table", "rows:", "width:", "rows, bytes:", "optimiser, bytes:", "where");
        foreach (var t in tables)
            table.Add(t.Name, NumberFormat.Count(t.RowCount), NumberFormat.Count(t.Width), NumberFormat.Bytes(t.Parameters), NumberFormat.Bytes(t.State), Where(places[t.Name].Place, places[t.Name].CachedRows));
        output.Write(table.ToString());
        output.WriteLine(FormattableString.Invariant($"""

            serving   {NumberFormat.Bytes(bytes.Serving)} ({bytes.CompressionRatio:0.####} of the full fp32 tables, {NumberFormat.Bytes(bytes.Full)}; {NumberFormat.Bytes(bytes.Auxiliary)} of it masks, codes and maps)
            training  {NumberFormat.Bytes(bytes.Training)} (rows, the state of {optimizer}, gradients of a mini-batch)
            disk      {NumberFormat.Bytes(bytes.Disk)} (rows and state in a checkpoint)
            dense     {NumberFormat.Count(dense)} parameters
            """));
        if (gpu is not null)
            output.WriteLine(FormattableString.Invariant($"gpu       {NumberFormat.Bytes(gpu.Bytes)} (rows, state and caches{gpu.Room})"));
    }

    private static string NameOf(TablePlace place) => place == TablePlace.CachedHost ? "cached_host" : place.ToString().ToLowerInvariant();

    private static string Where(TablePlace place, int? cachedRows) => place == TablePlace.CachedHost ? $"host, {NumberFormat.Count(cachedRows!.Value)} rows cached on gpu" : NameOf(place);

    // What the tables take on a GPU, and what it has; nothing is known of one on another machine.
    private sealed record GpuBill(long Bytes, DeviceMemory? Memory)
    {
        public string Room => Memory is null ? "" : FormattableString.Invariant($", of {NumberFormat.Bytes(Memory.Free - DeviceMemory.Reserve)} that are free for them{(Bytes > Memory.Free - DeviceMemory.Reserve ? ": too much" : "")}");
    }
}
