namespace RecSys.Data;

/// <summary>Where a preparation stands.</summary>
/// <param name="Stage">What is being done: <c>read</c>, <c>split</c>, <c>vocabulary</c>, <c>history</c>, <c>encode</c>, <c>write</c>, <c>check</c>.</param>
/// <param name="Message">The same for people, with names and counts.</param>
/// <param name="Done">Steps of the stage that are done.</param>
/// <param name="Total">Steps of the stage.</param>
public sealed record PreparationProgress(string Stage, string Message, long Done, long Total);
