using RecSys.Torch.Optim;

namespace RecSys.Torch;

public static partial class torch
{
    /// <summary>Makers of optimisers.</summary>
    public static class optim
    {
        /// <inheritdoc cref="Optim.Adam(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
        public static Adam Adam(
            IEnumerable<(string name, Tensor parameter)> parameters,
            double lr = 1e-3,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double eps = 1e-8,
            double weight_decay = 0)
            => new(parameters, lr, beta1, beta2, eps, weight_decay);

        /// <inheritdoc cref="Optim.AdamW(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
        public static AdamW AdamW(
            IEnumerable<(string name, Tensor parameter)> parameters,
            double lr = 1e-3,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double eps = 1e-8,
            double weight_decay = 1e-2)
            => new(parameters, lr, beta1, beta2, eps, weight_decay);

        /// <inheritdoc cref="Optim.Adagrad(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
        public static Adagrad Adagrad(
            IEnumerable<(string name, Tensor parameter)> parameters,
            double lr = 1e-2,
            double lr_decay = 0,
            double weight_decay = 0,
            double initial_accumulator_value = 0,
            double eps = 1e-10)
            => new(parameters, lr, lr_decay, weight_decay, initial_accumulator_value, eps);

        /// <inheritdoc cref="Optim.SGD(IEnumerable{ValueTuple{string, Tensor}}, double, double, double)"/>
        public static SGD SGD(
            IEnumerable<(string name, Tensor parameter)> parameters, double lr, double momentum = 0, double weight_decay = 0)
            => new(parameters, lr, momentum, weight_decay);
    }
}
