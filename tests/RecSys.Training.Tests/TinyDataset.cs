using RecSys.Data;
using RecSys.Training.Models;

namespace RecSys.Training.Tests;

/// <summary>A small prepared data set with a history, made once for all tests.</summary>
public sealed class TinyDataset : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-tiny-").FullName;

    private static SyntheticOptions Options => new()
    {
        Name = "tiny",
        RowCount = 6000,
        HoldOut = 0.15,
        Fields = [new("user", 100, 0.5), new("item", 200, 0.7), new("category", 10, 0) { Deviation = 0.8 }, new("hour", 24, 0.2) { Deviation = 0.8 }],
        History = new SyntheticHistory(0, 1, 2) { Length = 8 },
    };

    public TinyDataset()
    {
        SyntheticDataset.Write(Options, Prepared);
        SyntheticDataset.Write(Options with { HasCrosses = true }, Crossed);
    }

    public string Prepared => Path.Combine(_folder, "prepared");

    /// <summary>The same with crosses of every two fields.</summary>
    public string Crossed => Path.Combine(_folder, "crossed");

    /// <summary>The form that a model can be trained on.</summary>
    public string For(string model) => model == CtrModels.OverCrosses ? Crossed : Prepared;

    public PreparedDataset Open() => PreparedDataset.Open(Prepared);

    public string NewFolder() => Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
