using System.Buffers.Binary;
using System.Text.Json;

namespace RecSys.Embeddings.Memory;

/// <summary>The header of a safetensors file: 8 bytes of length (little endian), then JSON: name → type, shape and place of each tensor.</summary>
/// <remarks>The format is that of Hugging Face's safetensors 0.3 and later.</remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The entry of the header that is no tensor.</summary>
    public const string MetadataName = "__metadata__";

    private const int PrefixSize = 8;
    private const int Alignment = 64;

    // The limit of the reference implementation: a damaged length must not become a huge allocation.
    private const long MaxLength = 100_000_000;

    private SafetensorsHeader(Dictionary<string, SafetensorsEntry> tensors, Dictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Tensors by name.</summary>
    public Dictionary<string, SafetensorsEntry> Tensors { get; }

    /// <summary>Free text by name.</summary>
    public Dictionary<string, string> Metadata { get; }

    /// <summary>The first bytes of a file, padded with spaces so that the data starts at a multiple of 64 bytes.</summary>
    /// <param name="tensors">Tensors in the order of their data; their <see cref="SafetensorsEntry.Start"/> is ignored.</param>
    /// <param name="metadata">Free text by name.</param>
    public static byte[] Build(IReadOnlyList<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var text = new MemoryStream();
        text.SetLength(PrefixSize);
        text.Position = PrefixSize;
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
                WriteMetadata(json, metadata);
            long start = 0;
            foreach (SafetensorsEntry tensor in tensors)
            {
                WriteEntry(json, tensor, start);
                start += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        while (text.Length % Alignment != 0)
            text.WriteByte((byte)' ');
        byte[] header = text.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - PrefixSize);
        return header;
    }

    /// <summary>Reads and checks the header of a file.</summary>
    /// <exception cref="InvalidDataException">The header is damaged; the message says how, but not where.</exception>
    public static SafetensorsHeader Read(Stream file)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize];
        if (file.ReadAtLeast(prefix, PrefixSize, throwOnEndOfStream: false) < PrefixSize)
            throw new InvalidDataException($"the file ends within its first {PrefixSize} bytes");
        long length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length < 2 || length > file.Length - PrefixSize || length > MaxLength)
            throw new InvalidDataException($"the header length {length} does not fit a file of {file.Length} bytes");

        byte[] header = new byte[length];
        file.ReadExactly(header);
        try
        {
            using var json = JsonDocument.Parse(header);
            return Read(json.RootElement, PrefixSize + length, file.Length);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"the header is damaged ({e.Message})", e);
        }
    }

    private static SafetensorsHeader Read(JsonElement root, long dataStart, long fileLength)
    {
        Dictionary<string, SafetensorsEntry> tensors = [];
        Dictionary<string, string> metadata = [];
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name == MetadataName)
            {
                foreach (JsonProperty text in property.Value.EnumerateObject())
                    metadata.Add(text.Name, text.Value.GetString() ?? "");
            }
            else
            {
                tensors.Add(property.Name, ReadEntry(property, dataStart));
            }
        }

        CheckPlaces(tensors.Values, dataStart, fileLength);
        return new SafetensorsHeader(tensors, metadata);
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, long dataStart)
    {
        string dtype = property.Value.GetProperty("dtype").GetString() ?? "";
        long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())];
        JsonElement offsets = property.Value.GetProperty("data_offsets");
        long start = offsets[0].GetInt64();
        long byteCount = checked(offsets[1].GetInt64() - start);
        long expected = SafetensorsEntry.CountBytes(dtype, shape);
        if (start < 0 || byteCount != expected)
            throw new InvalidDataException($"tensor '{property.Name}' starts at {start} and has {byteCount} bytes, but its shape needs {expected}");
        return new SafetensorsEntry(property.Name, dtype, shape, checked(dataStart + start), byteCount);
    }

    // The format allows neither overlaps nor holes, and nothing after the last tensor.
    private static void CheckPlaces(IEnumerable<SafetensorsEntry> tensors, long dataStart, long fileLength)
    {
        long end = dataStart;
        foreach (SafetensorsEntry tensor in tensors.OrderBy(t => t.Start).ThenBy(t => t.ByteCount))
        {
            if (tensor.Start != end)
                throw new InvalidDataException($"tensor '{tensor.Name}' starts at byte {tensor.Start}, but the one before it ends at {end}");
            end = checked(end + tensor.ByteCount);
        }

        if (end > fileLength)
            throw new InvalidDataException($"the tensors end at byte {end}, but the file has {fileLength} bytes; it is truncated");
        if (end < fileLength)
            throw new InvalidDataException($"the file has {fileLength} bytes, but its tensors end at byte {end}");
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataName);
        foreach ((string name, string text) in metadata)
            json.WriteString(name, text);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsEntry tensor, long start)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DType);
        json.WriteStartArray("shape");
        foreach (long size in tensor.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(start);
        json.WriteNumberValue(start + tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
