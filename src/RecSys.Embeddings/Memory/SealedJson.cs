using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Embeddings.Memory;

/// <summary>
/// Small JSON files that notice their own damage: <c>{"checksum": "…", "content": {…}}</c>, where the checksum covers the
/// bytes of the content as written. Written under a temporary name, flushed and renamed.
/// </summary>
public static class SealedJson
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a value.</summary>
    /// <typeparam name="T">Its type; members are written in lower snake case.</typeparam>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="value">The value.</param>
    public static void Write<T>(string path, T value)
    {
        string content = JsonSerializer.Serialize(value, s_options);
        byte[] bytes = Encoding.UTF8.GetBytes($"{{\"checksum\": \"{Hash(content)}\", \"content\": {content}}}\n");
        string temporary = path + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a value back.</summary>
    /// <typeparam name="T">Its type; members that it does not have are damage.</typeparam>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not what was written.</exception>
    public static T Read<T>(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var content = document.RootElement.GetProperty("content");
            if (document.RootElement.GetProperty("checksum").GetString() != Hash(content.GetRawText()))
                throw new InvalidDataException($"{path}: the content does not match its checksum; the file is damaged.");
            return content.Deserialize<T>(s_options) ?? throw new InvalidDataException($"{path}: the content is empty.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: the file is damaged ({e.Message})", e);
        }
    }

    private static string Hash(string content)
        => FileChecksum.Compute(Encoding.UTF8.GetBytes(content)).ToString("x16", CultureInfo.InvariantCulture);
}
