namespace RecSys.Training.Tests.Models;

/// <summary>Dense parameters of the models, by their formulas: 3 fields of dimension 4 and 2 numbers, side by side 14 columns, 3 pairs.</summary>
[Collection(TinyCollection.Name)]
public sealed class ParameterCountTests
{
    private const int Linear = 1 + 2;
    private const int Units = 6;

    [Theory]
    [InlineData("lr", Linear)]
    [InlineData("fm", Linear)]
    [InlineData("fwfm", Linear + 3)]
    [InlineData("fwfm, linear: felv", Linear + 3)]
    [InlineData("fwfm, linear: filv", Linear + 3 + (3 * 4))]
    [InlineData("ffm", Linear)]
    [InlineData("wide_deep, hidden_units: [6]", Linear + (15 * Units) + Units + 1)]
    [InlineData("deepfm, hidden_units: [6]", Linear + (15 * Units) + Units + 1)]
    [InlineData("ipnn, hidden_units: [6]", ((14 + 3 + 1) * Units) + Units + 1)]
    [InlineData("dcn, cross_layers: 3, hidden_units: [6]", (3 * (14 + 14)) + 14 + (15 * Units) + Units + 1)]
    [InlineData("dcnv2, cross_layers: 2, structure: cross_only", (2 * 14 * 15) + 14 + 1)]
    [InlineData("dcnv2, cross_layers: 2, structure: stacked_parallel, hidden_units: [6]", (2 * 14 * 15) + (2 * ((15 * Units) + Units + 1)))]
    [InlineData("dcnv2, cross_layers: 2, low_rank: 2, experts: 3, structure: stacked, hidden_units: [6]", (2 * ((3 * 14 * 2 * 2) + (3 * 2 * 2) + 14)) + (3 * 14) + (15 * Units) + Units + 1)]
    [InlineData("xdeepfm, cin_units: [5, 4], hidden_units: [6]", Linear + (((3 * 3) + 1) * 5) + (((5 * 3) + 1) * 4) + 5 + 4 + (15 * Units) + Units + 1)]
    [InlineData("autoint, attention_layers: 2, attention_heads: 2, attention_dimension: 8", (4 * 4 * 8) + (3 * 8 * 8) + (3 * 8) + 2 + 1)]
    [InlineData("autoint, attention_layers: 1, attention_dimension: 4, linear: true, hidden_units: [6]", (3 * 4 * 4) + (3 * 4) + 2 + 1 + Linear + (15 * Units) + Units + 1)]
    [InlineData("finalmlp, hidden_units1: [6], hidden_units2: [5], gate_units: [7]", (15 * 6) + (15 * 5) + (2 * (4 + (5 * 7) + (8 * 14))) + 6 + 1 + 5 + (6 * 5))]
    [InlineData("finalmlp, hidden_units1: [6], hidden_units2: [4], heads: 2, feature_selection: false", (15 * 6) + (15 * 4) + 6 + 1 + 4 + (2 * 3 * 2))]
    [InlineData("optinter, interaction_dimension: 3, hidden_units: [6]", (2 * 3) + ((14 + (2 * 3) + 1) * Units) + (2 * Units) + Units + 1)]
    public void Parameters_AreAsManyAsTheFormulaSays(string model, int count)
    {
        using var small = new SmallModel($"{{name: {model}}}");

        Assert.Equal(count, small.ParameterCount);
    }

    [Theory]
    [InlineData("shared_bottom, bottom_hidden_units: [6], tower_hidden_units: [5]", 0, (15 * Units) + (7 * 5) + 6)]
    [InlineData("shared_bottom, bottom_hidden_units: [6], tower_hidden_units: [5]", 2, (15 * Units) + (3 * ((7 * 5) + 6)))]
    [InlineData("mmoe, experts: 4, expert_hidden_units: [6], tower_hidden_units: [5]", 2, (4 * 15 * Units) + (3 * ((7 * 5) + 6)) + (3 * 15 * 4))]
    [InlineData("mmoe, experts: 2, expert_hidden_units: [6], gate_hidden_units: [3], tower_hidden_units: []", 1, (2 * 15 * Units) + (2 * 7) + (2 * ((15 * 3) + (4 * 2))))]
    public void Parameters_OfSeveralTasks_AreAsManyAsTheFormulaSays(string model, int tasks, int count)
    {
        using var small = new SmallModel($"{{name: {model}}}", tasks: tasks);

        Assert.Equal(count, small.ParameterCount);
    }
}
