using System.Diagnostics;
using System.Globalization;
using RecSys.Torch.Distributed;

namespace RecSys.Torch.Tests.Distributed;

/// <summary>One rank of a process group; prints what it sees, a line "name numbers" each.</summary>
internal static class RankProgram
{
    /// <summary>Tensors of the call with many of them.</summary>
    public const int TensorCount = 200;

    /// <summary>Barriers that are passed one after the other.</summary>
    public const int BarrierCount = 3;

    public static int Main(string[] arguments)
    {
        ProcessGroupOptions place = ProcessGroupOptions.FromEnvironment(Device.CPU) ?? throw new InvalidOperationException("No rank in the environment.");
        var options = new ProcessGroupOptions
        {
            Rank = place.Rank,
            WorldSize = place.WorldSize,
            MasterAddress = place.MasterAddress,
            MasterPort = place.MasterPort,
            Timeout = TimeSpan.FromSeconds(double.Parse(arguments[1], CultureInfo.InvariantCulture)),
        };
        using ProcessGroup group = ProcessGroup.Create(options);
        switch (arguments[0])
        {
            case "collectives":
                Sum(group);
                SumMany(group);
                Broadcast(group);
                Exchange(group);
                Barriers(group);
                Refused(group);
                break;
            case "forever":
                UntilError(group);
                break;
            default:
                throw new ArgumentException($"'{arguments[0]}' is no scenario.");
        }

        return 0;
    }

    /// <summary>Element of tensor i of the call with many tensors, before it.</summary>
    public static double Element(int rank, int i) => (rank + 1) * (i + 1);

    /// <summary>Element of what a rank sends another.</summary>
    public static float ExchangedElement(int from, int to, int i) => (100 * from) + (10 * to) + i + 0.5f;

    // Three element types, a matrix that is not contiguous and numbers whose sum depends on the order of the additions.
    private static void Sum(ProcessGroup group)
    {
        int rank = group.Rank;
        using Tensor single = torch.tensor([1f + rank, -0.5f * rank, 4f]);
        using Tensor wide = torch.tensor([1e-300 * (rank + 1), rank]);
        using Tensor whole = torch.tensor([(1L << 60) + rank, -rank]);
        using Tensor matrix = torch.tensor([1f, 2f, 3f, 4f, 5f, 6f]);
        using Tensor square = matrix.reshape(2, 3);
        using Tensor turned = square.t();
        group.AllReduce([single]);
        group.AllReduce([wide]);
        group.AllReduce([whole]);
        group.AllReduce([turned]);
        Print("float32", single.ToArray<float>());
        Print("float64", wide.ToArray<double>());
        Print("int64", whole.ToArray<long>());
        Print("turned", matrix.ToArray<float>());

        torch.manual_seed(rank);
        using Tensor numbers = torch.randn([100_003]);
        group.AllReduce([numbers]);
        Print("bits", [numbers.ToArray<float>().Aggregate(17, (hash, number) => unchecked((hash * 31) + BitConverter.SingleToInt32Bits(number)))]);
    }

    // Gradients of a model: many sizes, a few types, and leaves that want gradients.
    private static void SumMany(ProcessGroup group)
    {
        List<Tensor> tensors = [];
        for (int i = 0; i < TensorCount; i++)
        {
            using Tensor ones = torch.ones([i % 7, 3]);
            using Tensor scaled = ones * Element(group.Rank, i);
            Tensor tensor = scaled.to(i % 3 == 0 ? torch.float64 : i % 3 == 1 ? torch.float32 : torch.int64);
            if (i % 3 == 1)
                tensor.requires_grad_(true);
            tensors.Add(tensor);
        }

        group.AllReduce(tensors);
        Print("many", [.. tensors.Select(Only)]);
        group.AllReduce([]);
        tensors.ForEach(tensor => tensor.Dispose());
    }

    private static void Broadcast(ProcessGroup group)
    {
        for (int root = 0; root < group.WorldSize; root++)
        {
            using Tensor single = torch.tensor([100f * group.Rank, 7f]);
            using Tensor flags = torch.tensor([group.Rank % 2 == 0, true, false]);
            using Tensor whole = torch.tensor([long.MaxValue - group.Rank]);
            group.Broadcast([single, flags, whole], root);
            Print($"broadcast{root}", [single.ToArray<float>()[0], flags.ToArray<bool>()[0] ? 1 : 0, long.MaxValue - whole.ToArray<long>()[0]]);
            group.Broadcast([single], group.WorldSize - 1);
        }
    }

    // Rank r sends r + s rows to rank s, so that rank 0 sends none to itself; and then nobody sends anything.
    private static void Exchange(ProcessGroup group)
    {
        int rank = group.Rank;
        long[] sizes = [.. Enumerable.Range(0, group.WorldSize).Select(other => (long)rank + other)];
        float[] sent = [.. Enumerable.Range(0, group.WorldSize).SelectMany(other => Enumerable.Range(0, 2 * (rank + other)).Select(i => ExchangedElement(rank, other, i)))];
        using Tensor from = torch.tensor(sent, [sizes.Sum(), 2]);
        using Tensor to = torch.zeros([sizes.Sum(), 2]);
        group.AllToAll(to, from, sizes, sizes);
        Print("exchange", to.ToArray<float>());

        using Tensor nothing = torch.zeros([0], torch.int64);
        long[] zeros = new long[group.WorldSize];
        group.AllToAll(nothing, nothing, zeros, zeros);
        zeros[0] = 1;
        Console.WriteLine($"short {Assert.Throws<TorchException>(() => group.AllToAll(nothing, nothing, zeros, zeros)).Message}");
    }

    // Each time another rank is late.
    private static void Barriers(ProcessGroup group)
    {
        for (int i = 0; i < BarrierCount; i++)
        {
            if (i % group.WorldSize == group.Rank)
                Thread.Sleep(100);
            Print("before", [Stopwatch.GetTimestamp()]);
            group.Barrier();
            Print("after", [Stopwatch.GetTimestamp()]);
        }
    }

    private static void Refused(ProcessGroup group)
    {
        using Tensor flags = torch.tensor([true]);
        Console.WriteLine($"refused {Assert.Throws<TorchException>(() => group.AllReduce([flags])).Message}");
        group.Barrier();
    }

    private static void UntilError(ProcessGroup group)
    {
        using Tensor tensor = torch.ones([1000]);
        group.AllReduce([tensor]);
        Console.WriteLine("ready");
        long start = Stopwatch.GetTimestamp();
        string error = "";
        while (error.Length == 0)
        {
            start = Stopwatch.GetTimestamp();
            try
            {
                group.AllReduce([tensor]);
            }
            catch (TorchException exception)
            {
                error = exception.Message;
            }
        }

        Print("seconds", [Stopwatch.GetElapsedTime(start).TotalSeconds]);
        Console.WriteLine($"error {error}");
        Console.WriteLine($"again {Assert.Throws<TorchException>(group.Barrier).Message}");
    }

    // The value that all elements have; 0 without elements, NaN when they differ.
    private static double Only(Tensor tensor)
    {
        using Tensor plain = tensor.detach();
        using Tensor wide = plain.to(torch.float64);
        double[] values = [.. wide.ToArray<double>().Distinct()];
        return values.Length == 0 ? 0 : values.Length == 1 ? values[0] : double.NaN;
    }

    private static void Print<T>(string name, T[] numbers)
        where T : IFormattable
        => Console.WriteLine($"{name} {string.Join(' ', numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)))}");
}
