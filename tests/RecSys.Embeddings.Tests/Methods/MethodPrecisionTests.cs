using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Every method with rows of every format.</summary>
public sealed class MethodPrecisionTests
{
    private const int Dimension = 4;
    private const double Tolerance = 2e-5;

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var variant in MethodCases.Variants.Where(v => MethodDefinitions.Of((string)v[0]).TakesCodes))
            {
                foreach (string precision in RowPrecision.Names)
                    data.Add((string)variant[0], (string)variant[1], precision);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_AnyPrecision_EqualsTheDefinitionOnTheDecodedRows(string name, string options, string precision)
    {
        MethodLayout layout = MethodCases.Build(name, options, Dimension, RowPrecision.Parse(precision));
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        using MemoryRowStore store = Trained(collection);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(ReferenceScene.Ids, plan);
        collection.Gather(plan, store);
        var output = new float[collection.OutputLength(plan, 0)];

        collection.Forward(plan, 0, output);

        double[] expected = ReferenceScene.Output(new ReferenceVectors(name, options, layout, Decoded(store)), Dimension);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], output[i], Tolerance * (1 + Math.Abs(expected[i])));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void DirectLookup_OfTheStoreItsFileAndFetchedRows_GiveTheSameVectors(string name, string options, string precision)
    {
        MethodLayout layout = MethodCases.Build(name, options, Dimension, RowPrecision.Parse(precision));
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        using MemoryRowStore store = Trained(collection);
        using var folder = new TemporaryFolder();
        using MappedRowStore mapped = Saved(store, folder.File("tables.safetensors"));
        long[] ids = [.. Enumerable.Range(0, (int)MethodCases.Item.VocabularySize)];
        var inMemory = new float[ids.Length * Dimension];
        var inFile = new float[inMemory.Length];

        new DirectLookup(layout, MethodCases.Item, store).Read(ids, inMemory);
        new DirectLookup(layout, MethodCases.Item, mapped).Read(ids, inFile);
        var lookup = new DirectLookup(layout, MethodCases.Item);
        var fetched = new FetchedRows(layout.Tables, firstTable: 0);
        lookup.AddRows(ids, fetched);
        mapped.Gather(fetched.Batches);
        var ofFetched = new float[inMemory.Length];
        lookup.Read(ids, ofFetched, fetched);

        Assert.Equal(inMemory, inFile);
        Assert.Equal(inMemory, ofFetched);
        var reference = new ReferenceVectors(name, options, layout, Decoded(store));
        double[] expected = [.. ids.SelectMany(id => reference.Vector(MethodCases.Item, id))];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], inMemory[i], Tolerance * (1 + Math.Abs(expected[i])));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ByteCount_AnyPrecision_IsWhatIsAllocatedAndSaved(string name, string options, string precision)
    {
        MethodLayout layout = MethodCases.Build(name, options, Dimension, RowPrecision.Parse(precision));
        using MemoryRowStore store = Trained(ReferenceScene.Collection(layout));
        using var folder = new TemporaryFolder();
        string path = folder.File("tables.safetensors");
        using MappedRowStore mapped = Saved(store, path);
        using SafetensorsFile file = SafetensorsFile.Open(path);

        Assert.Equal(layout.ByteCount - layout.AuxiliaryBytes, store.RowTables.Sum(t => t.Rows.ByteCount));
        Assert.Equal(layout.ByteCount - layout.AuxiliaryBytes, file.Tensors.Values.Sum(t => t.ByteCount));
    }

    public static TheoryData<string, string, int, double> ExactSizes
    {
        get
        {
            var data = new TheoryData<string, string, int, double>();
            foreach (var c in MethodCases.ExactSize.Where(c => MethodDefinitions.Of((string)c[0]).TakesCodes))
                data.Add((string)c[0], (string)c[1], (int)c[2], (double)c[3]);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(ExactSizes))]
    public void Build_MethodsSteeredByBytes_MeetTheBudgetWithCodes(string name, string options, int dimension, double budget)
    {
        EmbeddingField[] fields = [new("a", 40_000), new("b", 900), new("c", 3), new("d", 12_345), new("e", 1)];
        MethodRequest request = MethodCases.Request(options, dimension, Budget.OfFraction(budget * 0.2), fields) with { Precision = RowPrecision.Parse("int8") };

        try
        {
            Assert.InRange(EmbeddingMethods.Get(name).Build(request).ServeByteCount, 0.98 * request.BudgetByteCount, request.BudgetByteCount);
        }
        catch (BudgetException e)
        {
            // Some methods cannot go so low with a number of fp32 per id.
            Assert.True(e.SmallestByteCount > request.BudgetByteCount);
        }
    }

    // A store after one step, so that rows have been written by an optimiser too.
    private static MemoryRowStore Trained(EmbeddingCollection collection)
    {
        var store = new MemoryRowStore(collection.Tables, SparseOptimizers.Create("sgd", new()), seed: 3);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(ReferenceScene.Ids, plan);
        collection.Gather(plan, store);
        collection.Backward(plan, 0, [.. Enumerable.Range(0, collection.OutputLength(plan, 0)).Select(i => (i % 7 * 0.1f) - 0.3f)]);
        collection.Apply(plan, store);
        return store;
    }

    private static MappedRowStore Saved(MemoryRowStore store, string path)
    {
        using (var writer = new SafetensorsWriter(path))
        {
            foreach (RowTable table in store.RowTables)
                writer.Declare(table.Spec.Name, table.Spec.StoredAs.Type, table.Spec.StoredAs.Shape);
            foreach (RowTable table in store.RowTables)
                writer.Write<byte>(table.Rows.Span(0, (int)table.Rows.Length));
            writer.Complete();
        }

        return new MappedRowStore(SafetensorsFile.Open(path), store.Tables);
    }

    internal static double[][] Decoded(MemoryRowStore store) => [.. store.RowTables.Select(table =>
    {
        var row = new float[table.Spec.Width];
        return Enumerable.Range(0, (int)table.Spec.RowCount).SelectMany(r =>
        {
            table.ReadRow(r, row);
            return row.Select(x => (double)x).ToArray();
        }).ToArray();
    })];
}
