using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Tests.Gradients;

/// <summary>
/// The definition of every method in libtorch's operators and in double precision, so that autograd gives the gradients of the
/// rows. Only hashed addresses are taken from the layout.
/// </summary>
internal sealed class TorchLookup
{
    private readonly string _method;
    private readonly string _options;
    private readonly MethodLayout _layout;
    private readonly Dictionary<string, Tensor> _tables = [];
    private readonly Dictionary<string, HashSet<long>> _touched = [];

    /// <summary>Copies the rows of a store into leaves.</summary>
    public TorchLookup(string method, string options, MethodLayout layout, MemoryRowStore store)
    {
        _method = method;
        _options = options;
        _layout = layout;
        foreach (var table in store.RowTables)
        {
            double[] values = [.. table.Floats(0, (int)table.Spec.RowCount).ToArray().Select(v => (double)v)];
            _tables.Add(table.Spec.Name, torch.tensor(values, [table.Spec.RowCount, table.Spec.Width]).requires_grad_());
        }
    }

    /// <summary>The leaves by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Tables => _tables;

    /// <summary>Forgets gradients and which rows were read.</summary>
    public void Clear()
    {
        _touched.Clear();
        foreach (var table in _tables.Values)
            table.grad = null;
    }

    /// <summary>The rows of a table that were read.</summary>
    public Tensor Touched(string table) => torch.tensor([.. _touched.GetValueOrDefault(table, []).Order()]);

    /// <summary>One vector per id.</summary>
    public Tensor Vectors(EmbeddingField field, long[] ids)
    {
        string name = $"s/{field.Name}";
        if (_tables.TryGetValue(name, out var full) && full.shape.SequenceEqual([field.VocabularySize, _layout.Dimension]))
            return Rows(name, ids);

        return _method switch
        {
            "mixed_dimension" => Rows(name, ids).matmul(Whole($"{name}/projection")),
            "low_dimension" when IsSet("projection=per_field") => Rows(name, ids).matmul(Whole($"{name}/projection")),
            "low_dimension" => Pad(Rows(name, ids)),
            "hash" when IsSet("function=modulo") => Rows(name, ids.Select(id => id % RowCount(name))),
            "hash" or "adapt" or "cafe" => HashedRows(field, ids).Single(),
            "double_hash" when IsSet("combine=concat") => torch.cat(HashedRows(field, ids), 1),
            "double_hash" when IsSet("combine=mean") => torch.stack(HashedRows(field, ids)).mean(0),
            "double_hash" or "spacy" => torch.stack(HashedRows(field, ids)).sum(0),
            "qr" => QuotientRemainder(name, ids),
            "bloom" when IsSet("combine=mean") => torch.stack(Signed(field, ids, HashedRows(field, ids))).mean(0),
            "bloom" => torch.stack(Signed(field, ids, HashedRows(field, ids))).sum(0),
            "hash_embedding" => WeightedSum(HashedRows(field, ids)),
            "memcom" => Scaled(name, ids),
            "cce" => torch.cat([.. HashedRows(field, ids).Chunk(2).Select(pair => pair[0] + pair[1])], 1),
            "unified" => Pad(torch.cat(HashedRows(field, ids), 1)),
            _ => throw new InvalidOperationException($"The tests have no definition of method '{_method}' in libtorch."),
        };
    }

    private Tensor QuotientRemainder(string name, long[] ids)
    {
        long divisor = RowCount($"{name}/remainder");
        var quotient = Rows($"{name}/quotient", ids.Select(id => id / divisor));
        var remainder = Rows($"{name}/remainder", ids.Select(id => id % divisor));
        if (IsSet("combine=concat"))
            return torch.cat([quotient, remainder], 1);
        return IsSet("combine=add") ? quotient + remainder : quotient * remainder;
    }

    // A term keeps its sign where its bit of the first source is 0.
    private List<Tensor> Signed(EmbeddingField field, long[] ids, List<Tensor> terms)
    {
        if (!IsSet("signs=random"))
            return terms;
        long[] bits = Numbers(_layout.Of(field).Sources[0], ids);
        return [.. terms.Select((term, j) => term * torch.tensor([.. bits.Select(b => 1.0 - (2 * ((b >> j) & 1)))], [ids.Length, 1]))];
    }

    private static long[] Numbers(RowSource source, long[] ids)
    {
        long[] numbers = new long[ids.Length];
        source.Addressing!.Address(ids, numbers);
        return numbers;
    }

    private Tensor Scaled(string name, long[] ids)
    {
        var vectors = Rows($"{name}/shared", ids.Select(id => id % RowCount($"{name}/shared"))) * Rows($"{name}/scale", ids);
        return IsSet("bias=true") ? vectors + Rows($"{name}/bias", ids) : vectors;
    }

    // The weights of the first tensor, column by column, times the others.
    private static Tensor WeightedSum(List<Tensor> weightsAndRows)
        => weightsAndRows.Skip(1).Select((rows, j) => weightsAndRows[0].narrow(1, j, 1) * rows).Aggregate((sum, term) => sum + term);

    private List<Tensor> HashedRows(EmbeddingField field, long[] ids)
    {
        List<Tensor> vectors = [];
        foreach (var source in _layout.Of(field).Sources.Where(s => !s.IsCode))
            vectors.Add(Rows(_layout.Tables[source.Table].Name, Numbers(source, ids)));
        return vectors;
    }

    private Tensor Pad(Tensor narrow) => torch.cat([narrow, torch.zeros([narrow.shape[0], _layout.Dimension - narrow.shape[1]], torch.float64)], 1);

    private Tensor Whole(string table)
    {
        Touch(table, Enumerable.Range(0, (int)RowCount(table)).Select(row => (long)row));
        return _tables[table];
    }

    private Tensor Rows(string table, IEnumerable<long> rows)
    {
        long[] index = [.. rows];
        Touch(table, index);
        return _tables[table].index_select(0, torch.tensor(index));
    }

    private void Touch(string table, IEnumerable<long> rows)
    {
        if (!_touched.TryGetValue(table, out var touched))
            _touched.Add(table, touched = []);
        touched.UnionWith(rows);
    }

    private long RowCount(string table) => _tables[table].shape[0];

    private bool IsSet(string option) => _options.Split(' ').Contains(option);
}
