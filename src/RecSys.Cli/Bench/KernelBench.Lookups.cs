using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Torch.Interop;

namespace RecSys.Cli.Bench;

/// <summary>Whole look-ups: from ids to vectors.</summary>
internal sealed partial class KernelBench
{
    private const int BagIds = 20;

    // Ids of a look-up through a method, per row of its table.
    private const int IdsPerRow = 4;

    // Servable forms: ids at a time, and the share of the full table's bytes; methods that cannot go there take their smallest size.
    private const int MostMethodIds = 8192;
    private const double MethodBudget = 0.1;

    private int MethodIds => Math.Min(MostMethodIds, _options.Rows);

    private void MeasurePooled(RowSamples samples, MethodLayout layout, EmbeddingField field, MemoryRowStore store)
    {
        int dimension = _options.Dimension;
        var lookup = new DirectLookup(layout, field, store);
        int count = samples.Ids(0).Length;
        int[] offsets = [.. Enumerable.Range(0, (count / BagIds) + 1).Select(bag => bag * BagIds)];
        float[] output = new float[offsets.Length * dimension];
        Measure(
            "gather_pooled",
            samples.Name,
            "ids",
            _rowBytes,
            "row reads",
            list => Split(offsets.Length - 1, (first, bags) => lookup.ReadPooled(
                samples.Ids(list), offsets.AsSpan(first, bags + 1), false, output.AsSpan(first * dimension, bags * dimension))) with
            { Count = offsets[^1] },
            list => ReadBound(store.RowTables[0], samples.Ids(list), Memory.PrefetchDistance));
    }

    private void MeasureLookups()
    {
        long vocabulary = (long)IdsPerRow * _options.Rows;
        long bytes = (long)_options.Rows * _rowBytes;
        RowSamples[] samples = [.. _samples.Select(s => new RowSamples(s.Name, vocabulary, ListCount))];
        MeasureLookup("double_hash", MethodOptions.Empty, Budget.OfBytes(bytes));
        MeasureLookup("qr", new MethodOptions(new Dictionary<string, string> { ["collisions"] = $"{IdsPerRow}" }), Budget.OfBytes(bytes + (IdsPerRow * _rowBytes)));
        MeasureLookup("unified", MethodOptions.Empty, Budget.OfBytes(bytes));

        void MeasureLookup(string name, MethodOptions methodOptions, Budget budget)
        {
            var field = new EmbeddingField("field", vocabulary);
            var layout = Build(name, field, budget, methodOptions);
            using var store = CreateStore(layout.Tables, "sgd");
            foreach (var sample in samples)
                MeasureMethod(name, sample, layout, field, store);
        }
    }

    // Every method in the form that is served, beside the full table of the same vocabulary.
    private void MeasureServableForms()
    {
        var field = new EmbeddingField("field", Math.Max(MethodIds, _options.Rows / 8));
        RowSamples[] samples = [.. _samples.Select(s => new RowSamples(s.Name, field.VocabularySize, ListCount))];
        using var full = ServableForm.Create(EmbeddingMethods.Get("full"), Request(field, Budget.Full), _threads);
        foreach (var method in EmbeddingMethods.All.Where(m => m.Name != "full"))
        {
            using var form = ServableForm.Create(method, Request(field, Budget.OfFraction(MethodBudget)), _threads);
            foreach (var sample in samples)
                MeasureServableForm($"lookup_{method.Name}", sample, form, full);
        }
    }

    private void MeasureServableForm(string name, RowSamples samples, ServableForm form, ServableForm full)
    {
        float[] output = new float[MethodIds * _options.Dimension];
        Measure(
            name,
            samples.Name,
            "ids",
            _rowBytes,
            "look-up of the full table",
            list => Read(form, list),
            list => Read(full, list));

        Sample Read(ServableForm which, int list) => Split(MethodIds, (first, length) => which.Lookup.Read(
            samples.Ids(list).AsSpan(first, length), output.AsSpan(first * _options.Dimension, length * _options.Dimension)));
    }

    private MethodRequest Request(EmbeddingField field, Budget budget)
        => new("bench", [field], _options.Dimension, budget, 1, _ => Initializer.Uniform(0.05), MethodOptions.Empty);

    private void MeasureMethod(string name, RowSamples samples, MethodLayout layout, EmbeddingField field, MemoryRowStore store)
    {
        int dimension = _options.Dimension;
        var lookup = new DirectLookup(layout, field, store);
        var sources = layout.Of(field).Sources;
        int count = samples.Ids(0).Length;
        float[] output = new float[count * dimension];
        long[] rows = new long[count];
        Measure(
            name,
            samples.Name,
            "ids",
            sources.Sum(s => layout.Tables[s.Table].Width * sizeof(float)),
            "row reads of all sources",
            list => Split(count, (first, length) => lookup.Read(samples.Ids(list).AsSpan(first, length), output.AsSpan(first * dimension, length * dimension))),
            Least);

        Sample Least(int list)
        {
            double seconds = 0;
            foreach (var source in sources)
            {
                source.Addressing!.Address(samples.Ids(list), rows);
                seconds += ReadBound(store.RowTables[source.Table], rows, Memory.PrefetchDistance).Seconds;
            }

            return new Sample(seconds, count);
        }
    }

    // The method's tables, with rows that are quick to fill.
    private MethodLayout Build(string method, EmbeddingField field, Budget budget, MethodOptions options)
    {
        var request = new MethodRequest("bench", [field], _options.Dimension, budget, 1, _ => Initializer.Zero, options);
        var layout = EmbeddingMethods.Get(method).Build(request);
        return layout with { Tables = [.. layout.Tables.Select(t => Table(t.Name, t.RowCount, t.Width))] };
    }
}
