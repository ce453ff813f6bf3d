using RecSys.Training;

namespace RecSys.Cli;

/// <summary>A slice of a split in results.</summary>
internal sealed record SliceReport(string Feature, string Name, long Samples, double Rate, double Auc, double Gauc, double Logloss, double NormalizedEntropy, double Calibration)
{
    public static SliceReport Of(EvaluationSlice slice)
    {
        var result = slice.Result;
        return new SliceReport(slice.Feature, slice.Name, result.Samples, slice.Rate, result.Auc, result.Gauc, result.LogLoss, result.NormalizedEntropy, result.Calibration);
    }
}
