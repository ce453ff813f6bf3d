using RecSys.Embeddings;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cli.Bench;

/// <summary>A method's last phase with rows as they are without training.</summary>
internal sealed class ServableForm : IDisposable
{
    private readonly MemoryRowStore _rows;
    private readonly MethodState _state;

    private ServableForm(MethodLayout layout, MemoryRowStore rows, MethodState state)
    {
        Layout = layout;
        Lookup = new DirectLookup(layout, layout.Fields[0].Field, rows);
        _rows = rows;
        _state = state;
    }

    /// <summary>Tables of the last phase.</summary>
    public MethodLayout Layout { get; }

    /// <summary>Look-ups of the first field.</summary>
    public DirectLookup Lookup { get; }

    /// <summary>Goes through all phases of a method.</summary>
    /// <param name="method">The method.</param>
    /// <param name="request">What to lay out; the budget becomes the smallest possible where it cannot be reached.</param>
    /// <param name="threadCount">Threads of the store.</param>
    public static ServableForm Create(EmbeddingMethod method, MethodRequest request, int threadCount)
    {
        try
        {
            method.Build(request);
        }
        catch (BudgetException e)
        {
            request = request with { Budget = Budget.OfBytes(e.SmallestByteCount) };
        }

        var state = MethodState.Start;
        MemoryRowStore? before = null;
        PhaseEnd? end = null;
        while (true)
        {
            var current = request with { State = state };
            var layout = method.Build(current);
            var rows = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1) { ThreadCount = threadCount };
            end?.Fill?.Invoke(rows.RowTables);
            before?.Dispose();
            if (state.Phase == method.Phases(request.Options).Count - 1)
                return new ServableForm(layout, rows, state);
            end = method.EndPhase(new PhaseContext(current, layout, rows.RowTables, Step: 1, StepCount: 1));
            (before, state) = (rows, end.State);
        }
    }

    public void Dispose()
    {
        _rows.Dispose();
        _state.Dispose();
    }
}
