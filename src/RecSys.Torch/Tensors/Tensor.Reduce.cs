namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_sum = new("aten::sum");
    private static readonly Operator s_sumDims = new("aten::sum.dim_IntList");
    private static readonly Operator s_mean = new("aten::mean");
    private static readonly Operator s_meanDims = new("aten::mean.dim");
    private static readonly Operator s_var = new("aten::var.correction");
    private static readonly Operator s_max = new("aten::max");
    private static readonly Operator s_maxDim = new("aten::max.dim");
    private static readonly Operator s_min = new("aten::min");
    private static readonly Operator s_minDim = new("aten::min.dim");
    private static readonly Operator s_amax = new("aten::amax");
    private static readonly Operator s_amin = new("aten::amin");
    private static readonly Operator s_argmax = new("aten::argmax");
    private static readonly Operator s_argmin = new("aten::argmin");
    private static readonly Operator s_norm = new("aten::norm.Scalar");
    private static readonly Operator s_normDims = new("aten::norm.ScalarOpt_dim");
    private static readonly Operator s_logsumexp = new("aten::logsumexp");
    private static readonly Operator s_cumsum = new("aten::cumsum");
    private static readonly Operator s_topk = new("aten::topk");
    private static readonly Operator s_sort = new("aten::sort");

    /// <summary>Sum of all elements.</summary>
    public Tensor sum() => s_sum.Call(this);

    /// <summary>Sum along dimensions.</summary>
    /// <param name="dimensions">Dimensions to reduce; empty reduces all.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor sum(long[] dimensions, bool keepdim = false) => s_sumDims.Call(this, dimensions, keepdim);

    /// <summary>Sum along a dimension.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor sum(long dimension, bool keepdim = false) => sum([dimension], keepdim);

    /// <summary>Mean of all elements.</summary>
    public Tensor mean() => s_mean.Call(this);

    /// <summary>Mean along dimensions.</summary>
    /// <param name="dimensions">Dimensions to reduce; empty reduces all.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor mean(long[] dimensions, bool keepdim = false) => s_meanDims.Call(this, dimensions, keepdim);

    /// <summary>Mean along a dimension.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor mean(long dimension, bool keepdim = false) => mean([dimension], keepdim);

    /// <summary>Variance along dimensions.</summary>
    /// <param name="dimensions">Dimensions to reduce; null reduces all.</param>
    /// <param name="unbiased">Divides by n − 1 instead of n.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor var(long[]? dimensions = null, bool unbiased = true, bool keepdim = false)
        => s_var.Call(this, dimensions, unbiased ? 1L : 0L, keepdim);

    /// <summary>Largest element.</summary>
    public Tensor max() => s_max.Call(this);

    /// <summary>Largest elements along a dimension, and their indices.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public (Tensor values, Tensor indices) max(long dimension, bool keepdim = false) => s_maxDim.CallPair(this, dimension, keepdim);

    /// <summary>Smallest element.</summary>
    public Tensor min() => s_min.Call(this);

    /// <summary>Smallest elements along a dimension, and their indices.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public (Tensor values, Tensor indices) min(long dimension, bool keepdim = false) => s_minDim.CallPair(this, dimension, keepdim);

    /// <summary>Largest elements along dimensions; equal ones share the gradient.</summary>
    /// <param name="dimensions">Dimensions to reduce; empty reduces all.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor amax(long[] dimensions, bool keepdim = false) => s_amax.Call(this, dimensions, keepdim);

    /// <summary>Smallest elements along dimensions; equal ones share the gradient.</summary>
    /// <param name="dimensions">Dimensions to reduce; empty reduces all.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor amin(long[] dimensions, bool keepdim = false) => s_amin.Call(this, dimensions, keepdim);

    /// <summary>Index of the largest element; of all when no dimension is given.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor argmax(long? dimension = null, bool keepdim = false) => s_argmax.Call(this, dimension, keepdim);

    /// <summary>Index of the smallest element; of all when no dimension is given.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor argmin(long? dimension = null, bool keepdim = false) => s_argmin.Call(this, dimension, keepdim);

    /// <summary>(Σ|x|ᵖ)^(1/p) of all elements.</summary>
    /// <param name="p">Order, > 0.</param>
    public Tensor norm(double p = 2) => s_norm.Call(this, p);

    /// <summary>(Σ|x|ᵖ)^(1/p) along dimensions.</summary>
    /// <param name="p">Order, > 0.</param>
    /// <param name="dimensions">Dimensions to reduce.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor norm(double p, long[] dimensions, bool keepdim = false) => s_normDims.Call(this, p, dimensions, keepdim);

    /// <summary>ln Σ eˣ along dimensions.</summary>
    /// <param name="dimensions">Dimensions to reduce; empty reduces all.</param>
    /// <param name="keepdim">Keeps reduced dimensions with size 1.</param>
    public Tensor logsumexp(long[] dimensions, bool keepdim = false) => s_logsumexp.Call(this, dimensions, keepdim);

    /// <summary>Running sum along a dimension.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor cumsum(long dimension) => s_cumsum.Call(this, dimension);

    /// <summary>The k largest (or smallest) elements along a dimension, sorted, and their indices.</summary>
    /// <param name="k">Number of elements.</param>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="largest">False for the smallest.</param>
    public (Tensor values, Tensor indices) topk(long k, long dimension = -1, bool largest = true)
        => s_topk.CallPair(this, k, dimension, largest);

    /// <summary>Sorts along a dimension, and gives the indices.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="descending">Largest first.</param>
    public (Tensor values, Tensor indices) sort(long dimension = -1, bool descending = false)
        => s_sort.CallPair(this, dimension, descending);
}
