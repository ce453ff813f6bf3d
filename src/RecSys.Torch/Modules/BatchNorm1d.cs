namespace RecSys.Torch.Modules;

/// <summary>
/// Normalises every column to mean 0 and variance 1: over the batch while training, by running averages in evaluation;
/// then scales and shifts by trained factors.
/// </summary>
/// <remarks>Ioffe and Szegedy, "Batch Normalization", 2015.</remarks>
public sealed class BatchNorm1d : Module<Tensor, Tensor>
{
    private readonly double _eps;
    private readonly double _momentum;
    private readonly Tensor? _weight;
    private readonly Tensor? _bias;
    private readonly Tensor _runningMean;
    private readonly Tensor _runningVariance;
    private readonly Tensor _batchCount;

    /// <summary>Creates the module.</summary>
    /// <param name="features">Columns, ≥ 1.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">Weight of a new batch in the running averages.</param>
    /// <param name="affine">False leaves the trained factors out.</param>
    public BatchNorm1d(long features, double eps = 1e-5, double momentum = 0.1, bool affine = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        _eps = eps;
        _momentum = momentum;
        if (affine)
        {
            _weight = register_parameter("weight", torch.ones([features]));
            _bias = register_parameter("bias", torch.zeros([features]));
        }

        _runningMean = register_buffer("running_mean", torch.zeros([features]));
        _runningVariance = register_buffer("running_var", torch.ones([features]));
        _batchCount = register_buffer("num_batches_tracked", torch.zeros([], torch.int64));
    }

    /// <inheritdoc/>
    /// <param name="input">[batch, features] or [batch, features, length].</param>
    public override Tensor forward(Tensor input)
    {
        if (training)
            _batchCount.add_(1);
        return torch.nn.functional.batch_norm(
            input, _runningMean, _runningVariance, _weight, _bias, training, _momentum, _eps);
    }
}
