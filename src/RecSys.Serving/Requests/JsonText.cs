using System.Text;
using System.Text.Json;

namespace RecSys.Serving.Requests;

/// <summary>Texts of a request.</summary>
internal static class JsonText
{
    /// <summary>A text in UTF-8.</summary>
    /// <param name="json">A string.</param>
    /// <param name="place">Where it is, for errors.</param>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">It has bytes that are not UTF-8, or half a surrogate pair.</exception>
    public static byte[] Utf8Of(JsonElement json, string place)
    {
        try
        {
            return Encoding.UTF8.GetBytes(json.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // Strings are decoded when they are asked for, not when the JSON is parsed.
            throw Refusal.Invalid($"{place}: is no valid Unicode text.");
        }
    }
}
