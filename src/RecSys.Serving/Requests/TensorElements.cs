using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace RecSys.Serving.Requests;

/// <summary>The elements of an input: whole numbers, numbers or texts.</summary>
internal sealed class TensorElements
{
    private static readonly string[] s_integers = ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32"];
    private static readonly string[] s_numbers = ["FP16", "FP32", "FP64"];

    private TensorElements(InferRequest.InputTensor tensor, int count)
    {
        Name = tensor.Name;
        Shape = tensor.Shape;
        Count = count;
    }

    /// <summary>Name of the input.</summary>
    public string Name { get; }

    /// <summary>Sizes.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>Whole numbers; null for other types.</summary>
    public long[]? Integers { get; private init; }

    /// <summary>Numbers; null for other types.</summary>
    public double[]? Numbers { get; private init; }

    /// <summary>Texts in UTF-8; null for other types.</summary>
    public byte[][]? Texts { get; private init; }

    /// <summary>Reads the elements of an input.</summary>
    /// <param name="tensor">The input.</param>
    /// <param name="maxCount">Most elements.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">Type, shape and elements do not fit.</exception>
    public static TensorElements Read(InferRequest.InputTensor tensor, int maxCount)
    {
        string place = $"inputs.{tensor.Name}";
        double count = tensor.Shape.Aggregate(1.0, (product, size) => size >= 0 ? product * size : throw Refusal.Invalid($"{place}.shape: {size} is out of range; sizes are at least 0."));
        if (count > maxCount)
            throw Refusal.Invalid($"{place}.shape: {count} elements; at most {maxCount} are taken.");
        bool isInteger = s_integers.Contains(tensor.Datatype);
        if (!isInteger && !s_numbers.Contains(tensor.Datatype) && tensor.Datatype != "BYTES")
            throw Refusal.Invalid($"{place}.datatype: '{tensor.Datatype}' is not known; valid: {string.Join(", ", s_integers.Concat(s_numbers))}, BYTES.");
        var reader = new Reader(place, (int)count);
        bool isJson = tensor.Data is not null;
        if (!isJson && tensor.Bytes.IsEmpty && count > 0)
            throw Refusal.Invalid($"{place}: has neither 'data' nor bytes behind the JSON.");
        if (tensor.Datatype == "BYTES")
            return new TensorElements(tensor, (int)count) { Texts = isJson ? reader.Json(tensor.Data!.Value, reader.Text) : reader.Texts(tensor.Bytes.Span) };
        if (isInteger)
            return new TensorElements(tensor, (int)count) { Integers = isJson ? reader.Json(tensor.Data!.Value, reader.Integer) : reader.Integers(tensor.Bytes.Span, tensor.Datatype) };
        return new TensorElements(tensor, (int)count) { Numbers = isJson ? reader.Json(tensor.Data!.Value, reader.Number) : reader.Numbers(tensor.Bytes.Span, tensor.Datatype) };
    }

    private sealed class Reader(string place, int count)
    {
        // Triton takes nested lists as well as flat ones.
        public T[] Json<T>(JsonElement data, Func<JsonElement, T> read)
        {
            List<T> elements = [];
            Add(data);
            return elements.Count == count ? [.. elements] : throw Refusal.Invalid($"{place}.data: has {elements.Count} elements, but the shape says {count}.");

            void Add(JsonElement item)
            {
                if (item.ValueKind == JsonValueKind.Array)
                {
                    foreach (var inner in item.EnumerateArray())
                        Add(inner);
                    return;
                }

                if (elements.Count == count)
                    throw Refusal.Invalid($"{place}.data: has more than the {count} elements of the shape.");
                elements.Add(read(item));
            }
        }

        public byte[] Text(JsonElement item)
            => item.ValueKind == JsonValueKind.String ? JsonText.Utf8Of(item, $"{place}.data") : throw Refusal.Invalid($"{place}.data: {item.ValueKind} is no text.");

        public long Integer(JsonElement item)
            => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) ? number : throw Refusal.Invalid($"{place}.data: {item.ValueKind} is no whole number.");

        public double Number(JsonElement item)
            => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out double number) ? number : throw Refusal.Invalid($"{place}.data: {item.ValueKind} is no number.");

        // Each text has its length before it.
        public byte[][] Texts(ReadOnlySpan<byte> bytes)
        {
            byte[][] texts = new byte[count][];
            for (int i = 0; i < count; i++)
            {
                uint length = bytes.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : uint.MaxValue;
                if (length > bytes.Length - sizeof(uint))
                    throw Refusal.Invalid($"{place}: the bytes end within text {i}.");
                texts[i] = bytes.Slice(sizeof(uint), (int)length).ToArray();
                bytes = bytes[(sizeof(uint) + (int)length)..];
            }

            return bytes.IsEmpty ? texts : throw Refusal.Invalid($"{place}: {bytes.Length} bytes follow the {count} texts.");
        }

        public long[] Integers(ReadOnlySpan<byte> bytes, string type) => type switch
        {
            "INT8" => Cast<sbyte, long>(bytes, x => x),
            "INT16" => Cast<short, long>(bytes, x => x),
            "INT32" => Cast<int, long>(bytes, x => x),
            "UINT8" => Cast<byte, long>(bytes, x => x),
            "UINT16" => Cast<ushort, long>(bytes, x => x),
            "UINT32" => Cast<uint, long>(bytes, x => x),
            _ => Cast<long, long>(bytes, x => x),
        };

        public double[] Numbers(ReadOnlySpan<byte> bytes, string type) => type switch
        {
            "FP16" => Cast<Half, double>(bytes, x => (double)x),
            "FP32" => Cast<float, double>(bytes, x => x),
            _ => Cast<double, double>(bytes, x => x),
        };

        private T[] Cast<TStored, T>(ReadOnlySpan<byte> bytes, Func<TStored, T> convert)
            where TStored : unmanaged
        {
            int size = Marshal.SizeOf<TStored>();
            if (bytes.Length != (long)count * size)
                throw Refusal.Invalid($"{place}: has {bytes.Length} bytes, but {count} elements of {size} bytes take {(long)count * size}.");
            T[] result = new T[count];
            for (int i = 0; i < count; i++)
                result[i] = convert(MemoryMarshal.Read<TStored>(bytes[(i * size)..]));
            return result;
        }
    }
}
