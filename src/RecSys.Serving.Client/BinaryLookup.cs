using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace RecSys.Serving.Client;

/// <summary>Look-ups as bytes: ids in, floats out, little-endian and without copies of single numbers.</summary>
/// <remarks>
/// <para>Request: <c>RSLQ</c>, version (u16), count of features (u16); model, version and set as texts (u16 length, UTF-8; empty takes the default).
/// Per feature: its name as text, pooling (u8: 0 none, 1 sum, 2 mean), count of ids (u32), count of bags (u32; 0 where every id stands for
/// itself). Then per feature its ids (i64) and the length of each bag (u32).</para>
/// <para>Reply: <c>RSLR</c>, version (u16), count of features (u16); model and version as texts. Per feature: vectors (u32), dimension (u32), ids
/// (u32). Then per feature its vectors (f32) and a status per id (u8: see <see cref="RowStatus"/>).</para>
/// </remarks>
public static class BinaryLookup
{
    /// <summary>Content type of both.</summary>
    public const string ContentType = "application/vnd.recsys.lookup";

    /// <summary>Version of the format.</summary>
    public const int FormatVersion = 1;

    private static ReadOnlySpan<byte> RequestMark => "RSLQ"u8;

    private static ReadOnlySpan<byte> ReplyMark => "RSLR"u8;

    /// <summary>Writes a request.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="request">A request of ids; raw values can only be sent as JSON.</param>
    /// <exception cref="ArgumentException">It has raw values.</exception>
    public static void Write(IBufferWriter<byte> output, LookupRequest request)
    {
        WriteHead(output, RequestMark, request.Features.Count);
        WriteText(output, request.Model ?? "");
        WriteText(output, request.Version ?? "");
        WriteText(output, request.Set ?? "");
        foreach ((string name, var feature) in request.Features)
        {
            if (feature.Ids is null)
                throw new ArgumentException($"Feature '{name}' has no ids; raw values are looked up by JSON.", nameof(request));
            WriteText(output, name);
            output.Write([(byte)feature.Pooling]);
            WriteCount(output, feature.Ids.Count);
            WriteCount(output, feature.Lengths?.Count ?? 0);
        }

        foreach (var feature in request.Features.Values)
        {
            WriteNumbers(output, feature.Ids!);
            WriteNumbers(output, feature.Lengths ?? []);
        }
    }

    /// <summary>Reads a request.</summary>
    /// <param name="bytes">What <see cref="Write(IBufferWriter{byte}, LookupRequest)"/> wrote.</param>
    /// <exception cref="FormatException">It is malformed; the message says where.</exception>
    public static LookupRequest ReadRequest(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        int count = reader.Head(RequestMark);
        (string? model, string? version, string? set) = (NullIfEmpty(reader.Text("the model")), NullIfEmpty(reader.Text("the version")), NullIfEmpty(reader.Text("the set")));
        var heads = new (string Name, VectorPooling Pooling, long Ids, long Bags)[count];
        foreach (ref var head in heads.AsSpan())
        {
            string name = reader.Text("the name of a feature");
            byte pooling = reader.Take(1, name)[0];
            if (pooling > (byte)VectorPooling.Mean)
                throw new FormatException($"feature '{name}': the pooling {pooling} is not known; valid: 0 none, 1 sum, 2 mean");
            head = (name, (VectorPooling)pooling, reader.Count(name), reader.Count(name));
        }

        Dictionary<string, FeatureIds> features = new(StringComparer.Ordinal);
        foreach (var head in heads)
        {
            var feature = new FeatureIds
            {
                Ids = reader.Numbers<long>(head.Ids, head.Name),
                Lengths = head.Bags == 0 ? null : reader.Numbers<int>(head.Bags, head.Name),
                Pooling = head.Pooling,
            };
            if (!features.TryAdd(head.Name, feature))
                throw new FormatException($"feature '{head.Name}' occurs twice");
        }

        reader.ThrowIfMore();
        return new LookupRequest { Model = model, Version = version, Set = set, Features = features };
    }

    /// <summary>Writes the part of a reply before its vectors.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Its version.</param>
    /// <param name="features">Vectors, dimension and ids of each feature.</param>
    internal static void WriteReplyHead(IBufferWriter<byte> output, string model, string version, IReadOnlyCollection<(int Vectors, int Dimension, int Ids)> features)
    {
        WriteHead(output, ReplyMark, features.Count);
        WriteText(output, model);
        WriteText(output, version);
        foreach ((int vectors, int dimension, int ids) in features)
        {
            WriteCount(output, vectors);
            WriteCount(output, dimension);
            WriteCount(output, ids);
        }
    }

    /// <summary>Reads a reply.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="names">Names of the features, in the order of the request.</param>
    /// <exception cref="FormatException">It is malformed; the message says where.</exception>
    public static LookupReply ReadReply(ReadOnlySpan<byte> bytes, IReadOnlyList<string> names)
    {
        var reader = new Reader(bytes);
        int count = reader.Head(ReplyMark);
        if (count != names.Count)
            throw new FormatException($"the reply has {count} features, but {names.Count} were asked for");
        (string model, string version) = (reader.Text("the model"), reader.Text("the version"));
        var heads = new (long Vectors, long Dimension, long Ids)[count];
        for (int i = 0; i < count; i++)
            heads[i] = (reader.Count(names[i]), reader.Count(names[i]), reader.Count(names[i]));

        Dictionary<string, FeatureVectors> features = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            (long vectors, long dimension, long ids) = heads[i];
            var numbers = reader.Take(vectors * dimension * sizeof(float), names[i]);
            var list = new VectorList((int)dimension, (int)vectors);
            list.Fill(numbers);
            features.Add(names[i], new FeatureVectors
            {
                Dimension = (int)dimension,
                Vectors = list,
                Statuses = MemoryMarshal.Cast<byte, RowStatus>(reader.Take(ids, names[i])).ToArray(),
            });
        }

        reader.ThrowIfMore();
        return new LookupReply { ModelName = model, ModelVersion = version, Features = features };
    }

    /// <summary>About the bytes of a request; never fewer than its ids have.</summary>
    /// <param name="request">The request.</param>
    internal static int Capacity(LookupRequest request)
        => 256 + request.Features.Values.Sum(f => 64 + (sizeof(long) * (f.Ids?.Count ?? 0)) + (sizeof(int) * (f.Lengths?.Count ?? 0)));

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static void WriteHead(IBufferWriter<byte> output, ReadOnlySpan<byte> mark, int count)
    {
        output.Write(mark);
        WriteShort(output, FormatVersion);
        WriteShort(output, count);
    }

    private static void WriteText(IBufferWriter<byte> output, string text)
    {
        WriteShort(output, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, output);
    }

    private static void WriteShort(IBufferWriter<byte> output, int number)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(sizeof(ushort)), checked((ushort)number));
        output.Advance(sizeof(ushort));
    }

    private static void WriteNumbers<T>(IBufferWriter<byte> output, IReadOnlyList<T> numbers)
        where T : unmanaged
        => output.Write(MemoryMarshal.AsBytes<T>(numbers as T[] ?? [.. numbers]));

    private static void WriteCount(IBufferWriter<byte> output, int count)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), count);
        output.Advance(sizeof(int));
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly int _length = bytes.Length;
        private ReadOnlySpan<byte> _rest = bytes;

        public int Head(ReadOnlySpan<byte> mark)
        {
            if (!Take(mark.Length, "the mark").SequenceEqual(mark))
                throw new FormatException($"it does not begin with {Encoding.ASCII.GetString(mark)}");
            int version = BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), "the version"));
            return version == FormatVersion
                ? BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), "the count"))
                : throw new FormatException($"format version {version} is not supported; valid: {FormatVersion}");
        }

        public string Text(string what)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), what));
            return Encoding.UTF8.GetString(Take(length, what));
        }

        public long Count(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

        public T[] Numbers<T>(long count, string what)
            where T : unmanaged
        {
            var numbers = Take(count * Marshal.SizeOf<T>(), what);
            var result = GC.AllocateUninitializedArray<T>((int)count);
            numbers.CopyTo(MemoryMarshal.AsBytes(result.AsSpan()));
            return result;
        }

        public ReadOnlySpan<byte> Take(long count, string what)
        {
            if (count > _rest.Length)
                throw new FormatException($"byte {_length - _rest.Length}: {what} needs {count} bytes, but {_rest.Length} are left");
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        public readonly void ThrowIfMore()
        {
            if (_rest.Length > 0)
                throw new FormatException($"{_rest.Length} bytes follow its end");
        }
    }
}
