using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace RecSys.Torch.Interop;

/// <summary>
/// A native operator, kept for the life of the process. A call turns <see cref="Argument"/>s into native values on the stack.
/// </summary>
internal sealed unsafe class OperatorHandle
{
    private const int StackWords = 64;

    private readonly nint _operator;
    private readonly string _name;

    private OperatorHandle(nint op, string name)
    {
        _operator = op;
        _name = name;
    }

    internal static OperatorHandle Find(string name, string overload)
    {
        NativeMethods.ThrowIfFailed(NativeMethods.rst_operator_find(name, overload, out nint op), name);
        return new OperatorHandle(op, name);
    }

    /// <summary>Calls; returns the number of results written.</summary>
    /// <param name="arguments">Arguments; trailing ones may be missing.</param>
    /// <param name="results">Room for results; empty drops them.</param>
    [SkipLocalsInit]
    internal int Invoke(ReadOnlySpan<Argument> arguments, Span<NativeValue> results)
    {
        NativeValue* values = stackalloc NativeValue[arguments.Length];
        int words = 0;
        foreach (ref readonly Argument argument in arguments)
            words += argument.WordCount;
        Span<long> lists = words <= StackWords ? stackalloc long[StackWords] : new long[words];
        int status, count;
        fixed (long* list = lists)
        fixed (NativeValue* result = results)
        {
            int used = 0;
            for (int i = 0; i < arguments.Length; i++)
                used += Fill(in arguments[i], ref values[i], list + used);
            status = NativeMethods.rst_operator_call(_operator, values, arguments.Length, result, results.Length, out count);
        }

        // The handles behind the pointers must not be finalised before the call is over.
        foreach (ref readonly Argument argument in arguments)
            GC.KeepAlive(argument.Reference);
        NativeMethods.ThrowIfFailed(status, _name);
        return count;
    }

    internal static Tensor ToTensor(in NativeValue value) => new(new TensorHandle(value.Pointer));

    internal static Tensor[] ToTensors(in NativeValue value)
    {
        Tensor[] tensors = new Tensor[value.Count];
        for (int i = 0; i < tensors.Length; i++)
            tensors[i] = new Tensor(new TensorHandle(((nint*)value.Pointer)[i]));
        return tensors;
    }

    // Writes one value; lists and text go to the words, whose use is returned.
    private static int Fill(in Argument argument, ref NativeValue value, long* words)
    {
        value.Kind = argument.Kind;
        value.Count = argument.Count;
        value.Integer = argument.Bits;
        if (argument.Kind == ValueKind.Tensor)
            value.Pointer = Unsafe.As<Tensor>(argument.Reference!).Handle.Pointer;
        else if (argument.WordCount > 0)
        {
            value.Pointer = (nint)words;
            FillList(in argument, new Span<long>(words, argument.WordCount));
        }

        return argument.WordCount;
    }

    private static void FillList(in Argument argument, Span<long> words)
    {
        switch (argument.Reference)
        {
            case long[] integers:
                integers.CopyTo(words);
                break;
            case double[] numbers:
                for (int i = 0; i < numbers.Length; i++)
                    words[i] = BitConverter.DoubleToInt64Bits(numbers[i]);
                break;
            case string text:
                Encoding.UTF8.GetBytes(text, MemoryMarshal.AsBytes(words));
                break;
            case IReadOnlyList<Tensor?> tensors:
                for (int i = 0; i < words.Length; i++)
                    words[i] = tensors[i]?.Handle.Pointer ?? 0;
                break;
        }
    }
}
