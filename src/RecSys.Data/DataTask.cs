using System.Text.Json.Serialization;

namespace RecSys.Data;

/// <summary>A label beside the main one, for models that learn several tasks.</summary>
/// <param name="Name">Name of the task.</param>
/// <param name="Label">What the label is: a column or an SQL expression of the events.</param>
public sealed record DataTask(string Name, string Label)
{
    /// <summary>Its column in the files; no feature has such a name.</summary>
    [JsonIgnore]
    internal string Column => $"label:{Name}";
}
