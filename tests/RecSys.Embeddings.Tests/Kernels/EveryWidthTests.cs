using RecSys.Embeddings.Tests.Optimizers;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>
/// All tests of kernels, again with registers of each size, whatever the machine has: a size that it lacks is computed from
/// smaller registers.
/// </summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EveryWidthTests
{
    public const string Name = "every width";

    private static readonly Dictionary<int, WidthContext> s_contexts = [];

    /// <summary>The classes of this namespace, and the optimisers, whose rules are loops of kernels.</summary>
    private static readonly Type[] s_classes =
    [
        .. typeof(EveryWidthTests).Assembly.GetTypes().Where(t => t.Namespace == typeof(EveryWidthTests).Namespace && WidthContext.Tests(t).Any())
            .Except([typeof(EveryWidthTests), typeof(VectorWidthTests)]),
        typeof(SparseOptimizerTests),
    ];

    public static TheoryData<int, string> Cases
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int bits in new[] { 512, 256, 128, 0 })
            {
                foreach (Type testClass in s_classes)
                    data.Add(bits, testClass.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void KernelTests_AnyWidth_Pass(int bits, string testClass)
    {
        if (!s_contexts.TryGetValue(bits, out WidthContext? context))
            s_contexts.Add(bits, context = new WidthContext(bits));
        Assert.Equal(bits, context.Bits);

        var (count, failures) = context.Run(s_classes.Single(t => t.Name == testClass));

        Assert.Empty(failures);
        Assert.NotEqual(0, count);
    }
}
