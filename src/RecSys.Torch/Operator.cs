using RecSys.Torch.Interop;

namespace RecSys.Torch;

/// <summary>
/// An operator of libtorch's dispatcher, called by name with autograd included. Everything in this library goes through
/// it; operators without a typed method can be called directly. Keep it in a static field: the look-up happens once.
/// Thread-safe.
/// </summary>
public sealed class Operator
{
    private readonly string _overload;
    private OperatorHandle? _handle;

    /// <summary>Names an operator; it is looked up at the first call.</summary>
    /// <param name="name">Name as in libtorch's schema, <c>aten::</c> included: <c>aten::add.Tensor</c>.</param>
    public Operator(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        Name = dot < 0 ? name : name[..dot];
        _overload = dot < 0 ? "" : name[(dot + 1)..];
    }

    /// <summary>Name without the overload; errors start with it.</summary>
    public string Name { get; }

    /// <summary>Calls an operator with one tensor as its result.</summary>
    /// <param name="arguments">Arguments in the order of the schema; missing trailing ones get their defaults.</param>
    /// <exception cref="TorchException">The operator does not exist or refused its arguments.</exception>
    public Tensor Call(params ReadOnlySpan<Argument> arguments)
    {
        NativeValue result = default;
        int count = Invoke(arguments, new Span<NativeValue>(ref result));
        return count == 1 && result.Kind == ValueKind.Tensor ? OperatorHandle.ToTensor(in result) : throw Unexpected("one tensor");
    }

    /// <summary>Calls an operator with two tensors as its results.</summary>
    /// <param name="arguments">Arguments in the order of the schema; missing trailing ones get their defaults.</param>
    /// <exception cref="TorchException">The operator does not exist or refused its arguments.</exception>
    public (Tensor First, Tensor Second) CallPair(params ReadOnlySpan<Argument> arguments)
    {
        Span<NativeValue> results = stackalloc NativeValue[2];
        int count = Invoke(arguments, results);
        return count == 2 && results[0].Kind == ValueKind.Tensor && results[1].Kind == ValueKind.Tensor
            ? (OperatorHandle.ToTensor(in results[0]), OperatorHandle.ToTensor(in results[1]))
            : throw Unexpected("two tensors");
    }

    /// <summary>Calls an operator with a list of tensors as its result.</summary>
    /// <param name="arguments">Arguments in the order of the schema; missing trailing ones get their defaults.</param>
    /// <exception cref="TorchException">The operator does not exist or refused its arguments.</exception>
    public Tensor[] CallList(params ReadOnlySpan<Argument> arguments)
    {
        NativeValue result = default;
        int count = Invoke(arguments, new Span<NativeValue>(ref result));
        return count == 1 && result.Kind == ValueKind.Tensors ? OperatorHandle.ToTensors(in result) : throw Unexpected("a list of tensors");
    }

    /// <summary>Calls an operator for its effect (in-place operators); results are dropped.</summary>
    /// <param name="arguments">Arguments in the order of the schema; missing trailing ones get their defaults.</param>
    /// <exception cref="TorchException">The operator does not exist or refused its arguments.</exception>
    public void Run(params ReadOnlySpan<Argument> arguments) => Invoke(arguments, []);

    private int Invoke(ReadOnlySpan<Argument> arguments, Span<NativeValue> results)
    {
        // Two threads may look up the same operator at once; both find the same one.
        _handle ??= OperatorHandle.Find(Name, _overload);
        return _handle.Invoke(arguments, results);
    }

    private TorchException Unexpected(string wanted) => new($"{Name}: does not return {wanted}.");
}
