namespace RecSys.Data;

/// <summary>What happens to a number before it is a feature.</summary>
public enum TransformKind
{
    /// <summary>The value as it is.</summary>
    None,

    /// <summary>ln(1 + max(v, 0)).</summary>
    Log1p,

    /// <summary>(v − minimum) / (maximum − minimum) of the train rows, limited to 0 … 1.</summary>
    MinMax,

    /// <summary>(v − mean) / standard deviation of the train rows.</summary>
    Standard,

    /// <summary>The category ⌊(ln v)²⌋ where v &gt; 2, else ⌊v⌋: the rule of the Criteo_x4 benchmark.</summary>
    LogSquaredBucket,

    /// <summary>The category "number of the quantile bucket", cut at quantiles of the train rows.</summary>
    QuantileBucket,
}
