namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_t = new("aten::t");
    private static readonly Operator s_transpose = new("aten::transpose.int");
    private static readonly Operator s_permute = new("aten::permute");
    private static readonly Operator s_view = new("aten::view");
    private static readonly Operator s_reshape = new("aten::reshape");
    private static readonly Operator s_flatten = new("aten::flatten.using_ints");
    private static readonly Operator s_unsqueeze = new("aten::unsqueeze");
    private static readonly Operator s_squeeze = new("aten::squeeze");
    private static readonly Operator s_squeezeDim = new("aten::squeeze.dim");
    private static readonly Operator s_expand = new("aten::expand");
    private static readonly Operator s_repeat = new("aten::repeat");
    private static readonly Operator s_narrow = new("aten::narrow");
    private static readonly Operator s_select = new("aten::select.int");
    private static readonly Operator s_slice = new("aten::slice.Tensor");
    private static readonly Operator s_split = new("aten::split.Tensor");
    private static readonly Operator s_splitSizes = new("aten::split_with_sizes");
    private static readonly Operator s_chunk = new("aten::chunk");
    private static readonly Operator s_unbind = new("aten::unbind.int");
    private static readonly Operator s_indexSelect = new("aten::index_select");
    private static readonly Operator s_gather = new("aten::gather");
    private static readonly Operator s_index = new("aten::index.Tensor");
    private static readonly Operator s_triu = new("aten::triu");
    private static readonly Operator s_tril = new("aten::tril");
    private static readonly Operator s_flip = new("aten::flip");

    /// <summary>Transpose of a matrix; shares memory.</summary>
    public Tensor t() => s_t.Call(this);

    /// <summary>Swaps two dimensions; shares memory.</summary>
    /// <param name="first">Dimension.</param>
    /// <param name="second">Dimension.</param>
    public Tensor transpose(long first, long second) => s_transpose.Call(this, first, second);

    /// <summary>Reorders the dimensions; shares memory.</summary>
    /// <param name="dimensions">Every dimension once.</param>
    public Tensor permute(params long[] dimensions) => s_permute.Call(this, dimensions);

    /// <summary>Another shape over the same memory.</summary>
    /// <param name="shape">Sizes; one may be −1 and follows from the rest.</param>
    public Tensor view(params long[] shape) => s_view.Call(this, shape);

    /// <summary>Another shape; copies only when it must.</summary>
    /// <param name="shape">Sizes; one may be −1 and follows from the rest.</param>
    public Tensor reshape(params long[] shape) => s_reshape.Call(this, shape);

    /// <summary>Joins dimensions from first to last into one.</summary>
    /// <param name="first">First dimension to join.</param>
    /// <param name="last">Last dimension to join.</param>
    public Tensor flatten(long first = 0, long last = -1) => s_flatten.Call(this, first, last);

    /// <summary>Inserts a dimension of size 1.</summary>
    /// <param name="dimension">Place of the new dimension; negative counts from the end.</param>
    public Tensor unsqueeze(long dimension) => s_unsqueeze.Call(this, dimension);

    /// <summary>Removes all dimensions of size 1.</summary>
    public Tensor squeeze() => s_squeeze.Call(this);

    /// <summary>Removes a dimension if its size is 1.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor squeeze(long dimension) => s_squeezeDim.Call(this, dimension);

    /// <summary>Repeats dimensions of size 1 without a copy.</summary>
    /// <param name="shape">Sizes; −1 keeps one.</param>
    public Tensor expand(params long[] shape) => s_expand.Call(this, shape);

    /// <summary>Repeats the tensor along its dimensions, with a copy.</summary>
    /// <param name="repeats">Number of repeats of every dimension.</param>
    public Tensor repeat(params long[] repeats) => s_repeat.Call(this, repeats);

    /// <summary>A part of a dimension; shares memory.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="start">First index.</param>
    /// <param name="length">Number of indices.</param>
    public Tensor narrow(long dimension, long start, long length) => s_narrow.Call(this, dimension, start, length);

    /// <summary>One index of a dimension, which is removed; shares memory.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Index; negative counts from the end.</param>
    public Tensor select(long dimension, long index) => s_select.Call(this, dimension, index);

    /// <summary>Indices start, start + step, … below end of a dimension; shares memory.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="start">First index, or none for 0; negative counts from the end.</param>
    /// <param name="end">End, excluded, or none for the size; negative counts from the end.</param>
    /// <param name="step">Step, ≥ 1.</param>
    public Tensor slice(long dimension, long? start, long? end, long step = 1) => s_slice.Call(this, dimension, start, end, step);

    /// <summary>Parts of equal size; the last may be smaller. They share memory.</summary>
    /// <param name="size">Size of a part.</param>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor[] split(long size, long dimension = 0) => s_split.CallList(this, size, dimension);

    /// <summary>Parts of given sizes. They share memory.</summary>
    /// <param name="sizes">Sizes; their sum is that of the dimension.</param>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor[] split(long[] sizes, long dimension = 0) => s_splitSizes.CallList(this, sizes, dimension);

    /// <summary>A number of parts, as equal as possible. They share memory.</summary>
    /// <param name="count">Number of parts.</param>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor[] chunk(long count, long dimension = 0) => s_chunk.CallList(this, count, dimension);

    /// <summary>All indices of a dimension, which is removed. They share memory.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    public Tensor[] unbind(long dimension = 0) => s_unbind.CallList(this, dimension);

    /// <summary>Chosen indices of a dimension, in the order given.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Whole numbers, one dimension.</param>
    public Tensor index_select(long dimension, Tensor index) => s_indexSelect.Call(this, dimension, index);

    /// <summary>result[i, j] = this[i, index[i, j]] for dimension 1, and alike for others.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Whole numbers.</param>
    public Tensor gather(long dimension, Tensor index) => s_gather.Call(this, dimension, index);

    /// <summary>Advanced indexing: one index tensor (whole numbers or truth values) per dimension; null takes all of a dimension.</summary>
    /// <param name="indices">Indices.</param>
    public Tensor index(params Tensor?[] indices) => s_index.Call(this, Argument.OptionalList(indices));

    /// <summary>The part of matrices on and above a diagonal; zeros elsewhere.</summary>
    /// <param name="diagonal">0 is the main one; 1 the one above.</param>
    public Tensor triu(long diagonal = 0) => s_triu.Call(this, diagonal);

    /// <summary>The part of matrices on and below a diagonal; zeros elsewhere.</summary>
    /// <param name="diagonal">0 is the main one; −1 the one below.</param>
    public Tensor tril(long diagonal = 0) => s_tril.Call(this, diagonal);

    /// <summary>Reverses the order along dimensions.</summary>
    /// <param name="dimensions">Dimensions.</param>
    public Tensor flip(params long[] dimensions) => s_flip.Call(this, dimensions);
}
