using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

public sealed class LogFormatTests
{
    // 32 bytes a line: the header of the file, then a header and a payload for each record. Computed by a program of its own.
    private const string Segment =
        "525357414c5345470100000000000000efcdab89674523010100000000000000"
        + "000000000000000000000000000000000000000000000000f01c01f7c25b928b"
        + "5253575205000000010000000000000000000000000000000000000000000000"
        + "e036f624b041f11aed3de1422ccdda7c"
        + "6162636465000000"
        + "525357520800000002000000000000000100000000000000ed3de1422ccdda7c"
        + "4afd7ccf082fd0d2eff8ee7e9a4f31ce"
        + "3132333435363738";

    private const string Mark =
        "525357414c4d524b0100000000000000efcdab89674523010100000000000000"
        + "020000000000000000000000000000000000000000000000cce1eb0c539b4c20";

    [Fact]
    public async Task Append_KnownRecords_WritesTheGoldenBytes()
    {
        using var folder = new LogFolder();
        var options = new WriteAheadLogOptions { LogId = 0x0123456789abcdef };
        using (WriteAheadLog log = WriteAheadLog.Open(folder.Path, options))
        {
            await log.WhenDurable(log.Append("ab"u8, "cde"u8));
            log.Append([], "12345678"u8);
        }

        SortedDictionary<string, byte[]> files = LogFolder.Files(folder.Path);
        Assert.Equal(Segment, Convert.ToHexStringLower(files["00000000000000000001.log"]));
        byte[] mark = files[MarkFile.Name];
        Assert.Equal(4096 + 64, mark.Length);
        Assert.Equal(Mark, Convert.ToHexStringLower(mark.AsSpan(0, 64)));
        Assert.Equal(Mark, Convert.ToHexStringLower(mark.AsSpan(4096)));
        Assert.Equal(-1, mark.AsSpan(64, 4096 - 64).IndexOfAnyExcept((byte)0));
    }
}
