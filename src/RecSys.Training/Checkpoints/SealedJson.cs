using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RecSys.Embeddings.Memory;

namespace RecSys.Training.Checkpoints;

/// <summary>
/// Small JSON files that notice their own damage: <c>{"checksum": "…", "content": {…}}</c>, where the checksum covers the
/// bytes of the content as written. Written under a temporary name, flushed and renamed.
/// </summary>
internal static class SealedJson
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
    /// <exception cref="CheckpointException">The file is not what was written.</exception>
    public static T Read<T>(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var content = document.RootElement.GetProperty("content");
            if (document.RootElement.GetProperty("checksum").GetString() != Hash(content.GetRawText()))
                throw new CheckpointException($"{path}: the content does not match its checksum; the file is damaged.");
            return content.Deserialize<T>(s_options) ?? throw new CheckpointException($"{path}: the content is empty.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CheckpointException($"{path}: the file is damaged ({e.Message})", e);
        }
    }

    private static string Hash(string content)
        => FileChecksum.Compute(Encoding.UTF8.GetBytes(content)).ToString("x16", CultureInfo.InvariantCulture);
}
