using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class VectorWidthTests
{
    [Fact]
    public void Bits_InThisProcess_AreWhatWasAskedForOrTheHardwares()
    {
        string? asked = Environment.GetEnvironmentVariable("RECSYS_TEST_VECTOR_BITS");

        Assert.Equal(asked ?? VectorWidth.HardwareBits.ToString(System.Globalization.CultureInfo.InvariantCulture), VectorWidth.Bits.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("512", 512)]
    [InlineData("256", 256)]
    [InlineData("128", 128)]
    [InlineData("0", 0)]
    public void Choose_ValidWidth_IsTaken(string asked, int expected) => Assert.Equal(expected, VectorWidth.Choose(asked));

    [Theory]
    [InlineData("64")]
    [InlineData("-128")]
    [InlineData("wide")]
    public void Choose_OtherValue_IsAnErrorThatListsTheValidOnes(string asked)
    {
        var error = Assert.Throws<InvalidOperationException>(() => VectorWidth.Choose(asked));

        Assert.Contains($"'{asked}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("512, 256, 128 and 0", error.Message, StringComparison.Ordinal);
    }
}
