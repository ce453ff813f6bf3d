using System.Globalization;
using RecSys.Cli.Tuning;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Tests.Tuning;

public sealed class SearchSpaceTests
{
    [Fact]
    public void Grid_Values_GivesEveryCombination()
    {
        var space = SearchSpace.Parse(["a.b=[1, 2]|3", "c=x|y|z"]);

        Assert.Equal(
            ["a.b=[1, 2];c=x", "a.b=[1, 2];c=y", "a.b=[1, 2];c=z", "a.b=3;c=x", "a.b=3;c=y", "a.b=3;c=z"],
            space.Grid().Select(settings => string.Join(';', settings)));
    }

    [Fact]
    public void Draw_Ranges_StayWithinThem()
    {
        var space = SearchSpace.Parse(["rate=0.001..0.1", "units=16..64", "shift=-1..1", "name=x|y"]);

        var drawn = space.Draw(300, seed: 1);

        double[] rates = Values(0);
        Assert.All(rates, rate => Assert.InRange(rate, 0.001, 0.1));
        Assert.InRange(rates.Count(rate => rate < 0.01), 110, 190); // half, by the logarithm
        Assert.All(Values(1), units => Assert.True(units is >= 16 and <= 64 && units % 1 == 0));
        Assert.All(Values(2), shift => Assert.InRange(shift, -1, 1));
        Assert.Equal(["name=x", "name=y"], drawn.Select(s => s[3]).Distinct().Order());
        Assert.Equal(drawn, space.Draw(300, seed: 1));
        Assert.NotEqual(drawn, space.Draw(300, seed: 2));
        Assert.Equal(drawn.Take(10), space.Draw(10, seed: 1));

        double[] Values(int key) => [.. drawn.Select(s => double.Parse(s[key].Split('=')[1], CultureInfo.InvariantCulture))];
    }

    [Fact]
    public void Draw_FewValues_GivesEachOnce() => Assert.Equal(2, SearchSpace.Parse(["a=1|2"]).Draw(50, seed: 1).Count);

    // Trials of the same settings would write into the same folder.
    [Fact]
    public void Grid_ValueTwice_GivesItOnce() => Assert.Equal(2, SearchSpace.Parse(["a=1|2| 1"]).Grid().Count);

    [Theory]
    [InlineData("a", "'a' is no search")]
    [InlineData("=1|2", "is no search")]
    [InlineData("a=2..1", "LOW below HIGH")]
    public void Parse_WrongText_SaysWhatIsValid(string text, string message)
        => Assert.Contains(message, Assert.Throws<ConfigException>(() => SearchSpace.Parse([text])).Message, StringComparison.Ordinal);

    [Fact]
    public void Grid_OfARange_SaysWhatIsValid()
        => Assert.Contains("--trials", Assert.Throws<ConfigException>(() => SearchSpace.Parse(["a=1..2"]).Grid()).Message, StringComparison.Ordinal);
}
