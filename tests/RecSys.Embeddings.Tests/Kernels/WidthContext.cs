using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using RecSys.Embeddings.Kernels;
using Xunit.Sdk;

namespace RecSys.Embeddings.Tests.Kernels;

/// <summary>
/// The kernels and their tests loaded once more, with registers of another size: the size is a constant of a loaded assembly, so
/// that the kernels need not ask for it in their loops.
/// </summary>
internal sealed class WidthContext : AssemblyLoadContext
{
    private static readonly string[] s_reloaded = [typeof(VectorWidth).Assembly.GetName().Name!, typeof(WidthContext).Assembly.GetName().Name!];

    /// <summary>Loads both assemblies. Changes the environment for a moment: nothing else may run.</summary>
    public WidthContext(int bits)
        : base($"{bits} bits")
    {
        Type width = LoadFromAssemblyName(typeof(VectorWidth).Assembly.GetName()).GetType(typeof(VectorWidth).FullName!)!;
        string? before = Environment.GetEnvironmentVariable(VectorWidth.Variable);
        Environment.SetEnvironmentVariable(VectorWidth.Variable, $"{bits}");
        RuntimeHelpers.RunClassConstructor(width.TypeHandle);
        Environment.SetEnvironmentVariable(VectorWidth.Variable, before);
        Bits = (int)width.GetProperty(nameof(VectorWidth.Bits))!.GetValue(null)!;
    }

    /// <summary>The size that the loaded kernels use.</summary>
    public int Bits { get; }

    /// <summary>Runs all tests of a class.</summary>
    /// <returns>Number of tests, and what went wrong.</returns>
    public (int Count, List<string> Failures) Run(Type testClass)
    {
        Type reloaded = LoadFromAssemblyName(testClass.Assembly.GetName()).GetType(testClass.FullName!)!;
        int count = 0;
        List<string> failures = [];
        foreach (MethodInfo test in Tests(reloaded))
        {
            Assert.Equal(typeof(void), test.ReturnType);
            DataAttribute[] sources = [.. test.GetCustomAttributes<DataAttribute>()];
            foreach (object?[] arguments in sources.Length == 0 ? [[]] : sources.SelectMany(s => s.GetData(test)))
            {
                count++;
                if (Failure(reloaded, test, arguments) is Exception failure)
                    failures.Add($"{test.Name}({string.Join(", ", arguments)}): {failure}");
            }
        }

        return (count, failures);
    }

    /// <summary>The facts and theories of a class.</summary>
    public static IEnumerable<MethodInfo> Tests(Type testClass) => testClass.GetMethods().Where(m => m.IsDefined(typeof(FactAttribute)));

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
        => s_reloaded.Contains(assemblyName.Name)
            ? LoadFromAssemblyPath(Path.Combine(Path.GetDirectoryName(typeof(WidthContext).Assembly.Location)!, assemblyName.Name + ".dll"))
            : null;

    private static Exception? Failure(Type testClass, MethodInfo test, object?[] arguments)
    {
        try
        {
            object instance = Activator.CreateInstance(testClass)!;
            test.Invoke(instance, arguments);
            (instance as IDisposable)?.Dispose();
            return null;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
    }
}
