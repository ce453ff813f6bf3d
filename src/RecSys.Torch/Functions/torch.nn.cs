using RecSys.Torch.Modules;

namespace RecSys.Torch;

public static partial class torch
{
    /// <summary>Makers of modules.</summary>
    public static partial class nn
    {
        /// <inheritdoc cref="Modules.Linear(long, long, bool)"/>
        public static Linear Linear(long inputs, long outputs, bool hasBias = true) => new(inputs, outputs, hasBias);

        /// <inheritdoc cref="Modules.LinearReLU(long, long)"/>
        public static LinearReLU LinearReLU(long inputs, long outputs) => new(inputs, outputs);

        /// <inheritdoc cref="Modules.BatchNorm1d(long, double, double, bool)"/>
        public static BatchNorm1d BatchNorm1d(long features, double eps = 1e-5, double momentum = 0.1, bool affine = true)
            => new(features, eps, momentum, affine);

        /// <inheritdoc cref="Modules.LayerNorm(long, double)"/>
        public static LayerNorm LayerNorm(long width, double eps = 1e-5) => new(width, eps);

        /// <inheritdoc cref="Modules.Dropout(double)"/>
        public static Dropout Dropout(double p = 0.5) => new(p);

        /// <inheritdoc cref="Modules.PReLU(long, double)"/>
        public static PReLU PReLU(long features = 1, double init = 0.25) => new(features, init);

        /// <inheritdoc cref="Modules.ReLU"/>
        public static ReLU ReLU() => new();

        /// <inheritdoc cref="Modules.Sigmoid"/>
        public static Sigmoid Sigmoid() => new();

        /// <inheritdoc cref="Modules.Tanh"/>
        public static Tanh Tanh() => new();

        /// <inheritdoc cref="Modules.Sequential(IEnumerable{Module{Tensor, Tensor}})"/>
        public static Sequential Sequential(params IEnumerable<Module<Tensor, Tensor>> modules) => new(modules);
    }
}
