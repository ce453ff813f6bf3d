using System.Globalization;
using RecSys.Embeddings;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;
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
        if (_tables.TryGetValue(name, out var full) && full.shape.SequenceEqual([field.VocabularySize, _layout.Dimension]) && _layout.Of(field).Sources.Count == 1)
            return Rows(name, ids);

        return _method switch
        {
            "autosrh" => Rows(name, ids) * HashedRows(field, ids)[1],
            "nested" => Prefix(name, ids),
            "autodim" => Mixture(name, ids),
            "pep" => SoftThreshold(name, ids),
            "mixed_dimension" => Rows(name, ids).matmul(Whole($"{name}/projection")),
            "low_dimension" when IsSet("projection=per_field") => Rows(name, ids).matmul(Whole($"{name}/projection")),
            "low_dimension" => Pad(Rows(name, ids)),
            "hash" when IsSet("function=modulo") => Rows(name, ids.Select(id => id % RowCount(name))),
            "hash" or "adapt" or "cafe" or "growing" => HashedRows(field, ids).Single(),
            "double_hash" when IsSet("combine=concat") => torch.cat(HashedRows(field, ids), 1),
            "double_hash" when IsSet("combine=mean") => torch.stack(HashedRows(field, ids)).mean(0),
            "double_hash" or "spacy" => torch.stack(HashedRows(field, ids)).sum(0),
            "qr" => Digits(name, ids),
            "bloom" when IsSet("combine=mean") => torch.stack(Signed(field, ids, HashedRows(field, ids))).mean(0),
            "bloom" => torch.stack(Signed(field, ids, HashedRows(field, ids))).sum(0),
            "hash_embedding" => WeightedSum(HashedRows(field, ids)),
            "memcom" => Scaled(name, ids),
            "cce" => torch.cat([.. HashedRows(field, ids).Chunk(2).Select(pair => pair[0] + pair[1])], 1),
            "unified" => Pad(torch.cat(HashedRows(field, ids), 1)),
            "robe" => Blocks("s/robe", _layout.Of(field).Sources, ids),
            "hashed_nets" => Blocks("s/hashed_nets", _layout.Of(field).Sources, ids),
            "path" => Path(name, ids),
            "tt_rec" => TensorTrain(name, ids),
            "dhe" => Network(name, field, ids),
            _ => throw new InvalidOperationException($"The tests have no definition of method '{_method}' in libtorch."),
        };
    }

    // The width is not trained, but it is read.
    private Tensor Prefix(string name, long[] ids)
    {
        int width = Math.Clamp((int)Math.Round(Whole($"{name}/width").detach().Data<double>()[0]), 0, _layout.Dimension);
        var isUsed = torch.tensor([.. Enumerable.Range(0, _layout.Dimension).Select(j => j < width ? 1.0 : 0)]);
        return Rows(name, ids) * isUsed;
    }

    private Tensor Mixture(string name, long[] ids)
    {
        var weights = Whole($"{name}/search");
        var vectors = torch.zeros([ids.Length, _layout.Dimension], torch.float64);
        for (int width = 1, k = 0; ; width = Math.Min(2 * width, _layout.Dimension), k++)
        {
            var rows = Rows(FormattableString.Invariant($"{name}/{width}"), ids);
            var part = width < _layout.Dimension ? rows.matmul(Whole(FormattableString.Invariant($"{name}/{width}/projection"))) : rows;
            vectors += part * weights.narrow(0, 0, 1).narrow(1, k, 1);
            if (width == _layout.Dimension)
                return vectors;
        }
    }

    private Tensor SoftThreshold(string name, long[] ids)
    {
        var rows = Rows(name, ids);
        var threshold = (RowCount($"{name}/threshold") == 1 ? Whole($"{name}/threshold") : Rows($"{name}/threshold", ids)).sigmoid();
        return rows.sign() * (rows.abs() - threshold).relu();
    }

    private Tensor Digits(string name, long[] ids)
    {
        int parts = Number("parts", 2);
        List<Tensor> rows = [];
        for (int j = 0; j < parts; j++)
        {
            string table = $"{name}/{(IsSet("radix=chinese") ? $"residue_{j}" : j == 0 ? "remainder" : j == parts - 1 ? "quotient" : $"digit_{j}")}";
            long radix = RowCount(table);
            rows.Insert(0, Rows(table, ids.Select(id => id % radix)));
            ids = IsSet("radix=chinese") ? ids : [.. ids.Select(id => id / radix)];
        }

        if (IsSet("combine=concat"))
            return torch.cat(rows, 1);
        return rows.Aggregate((result, row) => IsSet("combine=add") ? result + row : result * row);
    }

    // Blocks of a circular array that is stored in rows as long as a block.
    private Tensor Blocks(string array, IReadOnlyList<RowSource> sources, long[] ids)
    {
        int block = (int)_tables[array].shape[1];
        long rowCount = RowCount(array);
        var index = new long[ids.Length * _layout.Dimension];
        for (int start = 0, s = 0; start < _layout.Dimension; start += block, s += block == 1 ? 1 : 3)
        {
            long[] rows = Numbers(sources[s], ids);
            long[] shifts = block == 1 ? new long[ids.Length] : Numbers(sources[s + 2], ids);
            Touch(array, block == 1 ? rows : rows.Concat(rows.Select(row => (row + 1) % rowCount)));
            for (int i = 0; i < ids.Length; i++)
            {
                for (int j = start; j < Math.Min(start + block, _layout.Dimension); j++)
                    index[(i * _layout.Dimension) + j] = ((rows[i] * block) + shifts[i] + j - start) % (rowCount * block);
            }
        }

        var vectors = _tables[array].flatten().index_select(0, torch.tensor(index)).reshape(ids.Length, _layout.Dimension);
        if (IsSet("signs=false"))
            return vectors;
        var places = Enumerable.Range(0, _layout.Dimension);
        double[] signs = [.. Numbers(sources[^1], ids).SelectMany(code => places.Select(i => Sign((ulong)code, i)))];
        return vectors * torch.tensor(signs, [ids.Length, _layout.Dimension]);
    }

    private static double Sign(ulong code, int place) => ((RowHash.Mix(code + (ulong)(place / 64)) >> (place % 64)) & 1) == 0 ? 1 : -1;

    private Tensor TensorTrain(string name, long[] ids)
    {
        int hot = Number("hot", 0);
        int[] columns = TensorTrainDefinition.Factors(_layout.Dimension);
        long rank = _tables[$"{name}/core_1"].shape[1] / columns[0];
        long[] left = [.. ids.Select(id => Math.Max(0, id - hot))];
        var cores = new Tensor[3];
        for (int core = 2; core >= 0; core--)
        {
            string table = $"{name}/core_{core + 1}";
            long radix = RowCount(table) - (hot == 0 ? 0 : 1);
            cores[core] = Rows(table, left.Select((id, i) => ids[i] < hot ? radix : id % radix));
            left = [.. left.Select(id => id / radix)];
        }

        var vectors = torch.einsum(
            "nar,nrbs,ncs->nabc",
            cores[0].reshape(ids.Length, columns[0], rank),
            cores[1].reshape(ids.Length, rank, columns[1], rank),
            cores[2].reshape(ids.Length, columns[2], rank)).reshape(ids.Length, _layout.Dimension);
        if (hot == 0)
            return vectors;
        var isHot = torch.tensor([.. ids.Select(id => id < hot ? 1.0 : 0.0)], [ids.Length, 1]);
        return (isHot * Rows($"{name}/hot", ids.Select(id => Math.Min(id, hot)))) + ((1 - isHot) * vectors);
    }

    private Tensor Path(string name, long[] ids)
    {
        long rowCount = RowCount($"{name}/base");
        var vectors = Rows($"{name}/base", ids.Select(id => id % rowCount)).unsqueeze(1);
        ids = [.. ids.Select(id => id / rowCount)];
        for (int j = 1; j < Number("parts", 2); j++)
        {
            long networks = RowCount($"{name}/hidden_{j}");
            long[] digits = [.. ids.Select(id => id % networks)];
            ids = [.. ids.Select(id => id / networks)];
            var biases = Rows($"{name}/biases_{j}", digits).unsqueeze(1);
            long hidden = biases.shape[2] - _layout.Dimension;
            var weights = Rows($"{name}/hidden_{j}", digits).reshape(ids.Length, _layout.Dimension, hidden);
            var output = Rows($"{name}/output_{j}", digits).reshape(ids.Length, hidden, _layout.Dimension);
            var units = (vectors.bmm(weights) + biases.narrow(2, 0, hidden)).relu();
            vectors = units.bmm(output) + biases.narrow(2, hidden, _layout.Dimension);
        }

        return vectors.reshape(ids.Length, _layout.Dimension);
    }

    private Tensor Network(string name, EmbeddingField field, long[] ids)
    {
        int hashes = (int)RowCount($"{name}/layer_1") - 1;
        double[] numbers = [.. Numbers(_layout.Of(field).Sources[0], ids).SelectMany(code => DeepHashDefinition.Hashes((ulong)code, hashes))];
        var units = torch.tensor(numbers, [ids.Length, hashes]);
        var ones = torch.ones([ids.Length, 1], torch.float64);
        for (int layer = 1; layer <= Number("layers", 2); layer++)
        {
            var sums = torch.cat([units, ones], 1).matmul(Whole($"{name}/layer_{layer}"));
            units = IsSet("activation=relu") ? sums.relu() : sums * sums.softplus().tanh();
        }

        return torch.cat([units, ones], 1).matmul(Whole($"{name}/output"));
    }

    private static long[] Numbers(RowSource source, long[] ids)
    {
        long[] numbers = new long[ids.Length];
        source.Addressing!.Address(ids, numbers);
        return numbers;
    }

    // A term keeps its sign where its bit of the first source is 0.
    private List<Tensor> Signed(EmbeddingField field, long[] ids, List<Tensor> terms)
    {
        if (!IsSet("signs=random"))
            return terms;
        long[] bits = Numbers(_layout.Of(field).Sources[0], ids);
        return [.. terms.Select((term, j) => term * torch.tensor([.. bits.Select(b => 1.0 - (2 * ((b >> j) & 1)))], [ids.Length, 1]))];
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

    private int Number(string option, int fallback)
        => _options.Split(' ').FirstOrDefault(o => o.StartsWith(option + "=", StringComparison.Ordinal)) is string text
            ? int.Parse(text[(option.Length + 1)..], CultureInfo.InvariantCulture)
            : fallback;

    private bool IsSet(string option) => _options.Split(' ').Contains(option);
}
