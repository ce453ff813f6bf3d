using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;

namespace RecSys.Cli.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Failures => new()
    {
        { new ConfigException("x"), ExitCode.BadInput },
        { new DataException("x"), ExitCode.BadInput },
        { new BudgetException("qr", 1, 2, 3), ExitCode.BadInput },
        { new FormatException("x"), ExitCode.BadInput },
        { new ArgumentOutOfRangeException("dimension"), ExitCode.BadInput },
        { new ArgumentNullException("plan"), ExitCode.Failure },
        { new IOException("disk full"), ExitCode.Failure },
        { new OperationCanceledException(), ExitCode.Failure },
        { new InvalidOperationException("x"), ExitCode.Failure },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void ExitCodeOf_Failure_TellsBadInputFromFailure(Exception failure, int expected) => Assert.Equal(expected, Failure.ExitCodeOf(failure));

    [Fact]
    public void Describe_ArgumentWithValue_IsOneLine()
    {
        string text = Failure.Describe(new ArgumentOutOfRangeException("dimension", -1, "A dimension is at least 1."));

        Assert.Equal("A dimension is at least 1. (Parameter 'dimension') Actual value was -1.", text);
    }

    [Fact]
    public void Describe_ForeseeableFailure_IsTheMessageAlone() => Assert.Equal("disk full", Failure.Describe(new IOException("disk full")));
}
