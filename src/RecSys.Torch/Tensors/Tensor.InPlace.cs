namespace RecSys.Torch;

public sealed partial class Tensor
{
    private static readonly Operator s_copyInPlace = new("aten::copy_");
    private static readonly Operator s_fillInPlace = new("aten::fill_.Scalar");
    private static readonly Operator s_zeroInPlace = new("aten::zero_");
    private static readonly Operator s_addTensorInPlace = new("aten::add_.Tensor");
    private static readonly Operator s_addScalarInPlace = new("aten::add_.Scalar");
    private static readonly Operator s_subTensorInPlace = new("aten::sub_.Tensor");
    private static readonly Operator s_subScalarInPlace = new("aten::sub_.Scalar");
    private static readonly Operator s_mulTensorInPlace = new("aten::mul_.Tensor");
    private static readonly Operator s_mulScalarInPlace = new("aten::mul_.Scalar");
    private static readonly Operator s_divTensorInPlace = new("aten::div_.Tensor");
    private static readonly Operator s_divScalarInPlace = new("aten::div_.Scalar");
    private static readonly Operator s_addcmulInPlace = new("aten::addcmul_");
    private static readonly Operator s_addcdivInPlace = new("aten::addcdiv_");
    private static readonly Operator s_lerpInPlace = new("aten::lerp_.Scalar");
    private static readonly Operator s_sqrtInPlace = new("aten::sqrt_");
    private static readonly Operator s_clampInPlace = new("aten::clamp_");
    private static readonly Operator s_indexReduceInPlace = new("aten::index_reduce_");
    private static readonly Operator s_indexAddInPlace = new("aten::index_add_");
    private static readonly Operator s_scatterInPlace = new("aten::scatter_.src");
    private static readonly Operator s_uniformInPlace = new("aten::uniform_");
    private static readonly Operator s_normalInPlace = new("aten::normal_");
    private static readonly Operator s_bernoulliInPlace = new("aten::bernoulli_.float");

    /// <summary>Takes the elements of another tensor.</summary>
    /// <param name="source">Elements; shapes are broadcast, types and devices converted.</param>
    public Tensor copy_(Tensor source)
    {
        s_copyInPlace.Run(this, source);
        return this;
    }

    /// <summary>Sets every element.</summary>
    /// <param name="value">Number.</param>
    public Tensor fill_(Scalar value)
    {
        s_fillInPlace.Run(this, value);
        return this;
    }

    /// <summary>Sets every element to 0.</summary>
    public Tensor zero_()
    {
        s_zeroInPlace.Run(this);
        return this;
    }

    /// <summary>Adds alpha·other.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    /// <param name="alpha">Factor of the other operand; 1 when absent.</param>
    public Tensor add_(Tensor other, Scalar? alpha = null)
    {
        s_addTensorInPlace.Run(this, other, alpha ?? 1);
        return this;
    }

    /// <summary>Adds a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor add_(Scalar other)
    {
        s_addScalarInPlace.Run(this, other);
        return this;
    }

    /// <summary>Subtracts alpha·other.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    /// <param name="alpha">Factor of the other operand; 1 when absent.</param>
    public Tensor sub_(Tensor other, Scalar? alpha = null)
    {
        s_subTensorInPlace.Run(this, other, alpha ?? 1);
        return this;
    }

    /// <summary>Subtracts a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor sub_(Scalar other)
    {
        s_subScalarInPlace.Run(this, other);
        return this;
    }

    /// <summary>Multiplies by another tensor.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor mul_(Tensor other)
    {
        s_mulTensorInPlace.Run(this, other);
        return this;
    }

    /// <summary>Multiplies by a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor mul_(Scalar other)
    {
        s_mulScalarInPlace.Run(this, other);
        return this;
    }

    /// <summary>Divides by another tensor.</summary>
    /// <param name="other">Second operand; shapes are broadcast.</param>
    public Tensor div_(Tensor other)
    {
        s_divTensorInPlace.Run(this, other);
        return this;
    }

    /// <summary>Divides by a number.</summary>
    /// <param name="other">Number.</param>
    public Tensor div_(Scalar other)
    {
        s_divScalarInPlace.Run(this, other);
        return this;
    }

    /// <summary>Adds value·first·second.</summary>
    /// <param name="first">First.</param>
    /// <param name="second">Second.</param>
    /// <param name="value">Factor.</param>
    public Tensor addcmul_(Tensor first, Tensor second, double value = 1)
    {
        s_addcmulInPlace.Run(this, first, second, value);
        return this;
    }

    /// <summary>Adds value·first/second.</summary>
    /// <param name="first">First.</param>
    /// <param name="second">Second.</param>
    /// <param name="value">Factor.</param>
    public Tensor addcdiv_(Tensor first, Tensor second, double value = 1)
    {
        s_addcdivInPlace.Run(this, first, second, value);
        return this;
    }

    /// <summary>Moves towards another tensor: x + weight·(end − x).</summary>
    /// <param name="end">Where weight 1 ends.</param>
    /// <param name="weight">Part of the way.</param>
    public Tensor lerp_(Tensor end, double weight)
    {
        s_lerpInPlace.Run(this, end, weight);
        return this;
    }

    /// <summary>Square root of every element.</summary>
    public Tensor sqrt_()
    {
        s_sqrtInPlace.Run(this);
        return this;
    }

    /// <summary>Moves every element into [minimum, maximum].</summary>
    /// <param name="minimum">Lower bound, or none.</param>
    /// <param name="maximum">Upper bound, or none.</param>
    public Tensor clamp_(Scalar? minimum = null, Scalar? maximum = null)
    {
        s_clampInPlace.Run(this, minimum, maximum);
        return this;
    }

    /// <summary>Adds the slices of a tensor at the indices of a dimension; equal indices add up.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Whole numbers, one dimension.</param>
    /// <param name="source">Slices, one per index.</param>
    public Tensor index_add_(long dimension, Tensor index, Tensor source)
    {
        s_indexAddInPlace.Run(this, dimension, index, source);
        return this;
    }

    /// <summary>Reduces the slices of a tensor into the indices of a dimension.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Whole numbers, one dimension.</param>
    /// <param name="source">Slices, one per index.</param>
    /// <param name="reduce"><c>prod</c>, <c>mean</c>, <c>amax</c> or <c>amin</c>.</param>
    public Tensor index_reduce_(long dimension, Tensor index, Tensor source, string reduce)
    {
        s_indexReduceInPlace.Run(this, dimension, index, source, reduce);
        return this;
    }

    /// <summary>this[i, index[i, j]] = source[i, j] for dimension 1, and alike for others.</summary>
    /// <param name="dimension">Dimension; negative counts from the last.</param>
    /// <param name="index">Whole numbers.</param>
    /// <param name="source">Elements, of the shape of the index.</param>
    public Tensor scatter_(long dimension, Tensor index, Tensor source)
    {
        s_scatterInPlace.Run(this, dimension, index, source);
        return this;
    }

    /// <summary>Random elements, uniform in [low, high).</summary>
    /// <param name="low">Lower bound.</param>
    /// <param name="high">Upper bound.</param>
    public Tensor uniform_(double low = 0, double high = 1)
    {
        s_uniformInPlace.Run(this, low, high);
        return this;
    }

    /// <summary>Random elements of the normal distribution.</summary>
    /// <param name="mean">Mean.</param>
    /// <param name="std">Standard deviation.</param>
    public Tensor normal_(double mean = 0, double std = 1)
    {
        s_normalInPlace.Run(this, mean, std);
        return this;
    }

    /// <summary>Random elements: 1 with a probability, else 0.</summary>
    /// <param name="probability">Probability of 1.</param>
    public Tensor bernoulli_(double probability)
    {
        s_bernoulliInPlace.Run(this, probability);
        return this;
    }
}
