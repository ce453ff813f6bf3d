namespace RecSys.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>First values of parameters. Not recorded for gradients; each returns the tensor.</summary>
        public static class init
        {
            /// <summary>Uniform in [low, high).</summary>
            /// <param name="tensor">Tensor to fill.</param>
            /// <param name="low">Lower bound.</param>
            /// <param name="high">Upper bound.</param>
            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1)
            {
                using IDisposable noGrad = no_grad();
                return tensor.uniform_(low, high);
            }

            /// <summary>Normal distribution.</summary>
            /// <param name="tensor">Tensor to fill.</param>
            /// <param name="mean">Mean.</param>
            /// <param name="std">Standard deviation.</param>
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1)
            {
                using IDisposable noGrad = no_grad();
                return tensor.normal_(mean, std);
            }

            /// <summary>One number everywhere.</summary>
            /// <param name="tensor">Tensor to fill.</param>
            /// <param name="value">Number.</param>
            public static Tensor constant_(Tensor tensor, double value)
            {
                using IDisposable noGrad = no_grad();
                return tensor.fill_(value);
            }

            /// <summary>Zeros.</summary>
            /// <param name="tensor">Tensor to fill.</param>
            public static Tensor zeros_(Tensor tensor) => constant_(tensor, 0);

            /// <summary>Ones.</summary>
            /// <param name="tensor">Tensor to fill.</param>
            public static Tensor ones_(Tensor tensor) => constant_(tensor, 1);

            /// <summary>Uniform in ±gain·√(6/(fan_in + fan_out)).</summary>
            /// <param name="tensor">[outputs, inputs, …].</param>
            /// <param name="gain">Factor of the following non-linearity.</param>
            /// <remarks>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.</remarks>
            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1)
            {
                double bound = gain * Math.Sqrt(6.0 / (FanIn(tensor) + FanOut(tensor)));
                return uniform_(tensor, -bound, bound);
            }

            /// <summary>Normal with standard deviation gain·√(2/(fan_in + fan_out)).</summary>
            /// <param name="tensor">[outputs, inputs, …].</param>
            /// <param name="gain">Factor of the following non-linearity.</param>
            /// <remarks>Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.</remarks>
            public static Tensor xavier_normal_(Tensor tensor, double gain = 1)
                => normal_(tensor, 0, gain * Math.Sqrt(2.0 / (FanIn(tensor) + FanOut(tensor))));

            /// <summary>Uniform in ±√(6/((1 + a²)·fan_in)).</summary>
            /// <param name="tensor">[outputs, inputs, …].</param>
            /// <param name="a">Slope of the following leaky ReLU for negative elements.</param>
            /// <remarks>He et al., "Delving Deep into Rectifiers", 2015.</remarks>
            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0)
            {
                double bound = Math.Sqrt(6.0 / ((1 + a * a) * FanIn(tensor)));
                return uniform_(tensor, -bound, bound);
            }

            private static long FanIn(Tensor tensor) => Fan(tensor, 1);

            private static long FanOut(Tensor tensor) => Fan(tensor, 0);

            // Connections per output (dimension 1) or input (dimension 0), times the elements of the other dimensions.
            private static long Fan(Tensor tensor, int dimension)
            {
                long[] shape = tensor.shape;
                if (shape.Length < 2)
                    throw new ArgumentException($"A tensor of {shape.Length} dimensions has no inputs and outputs; at least 2 are needed.", nameof(tensor));
                return shape[dimension] * shape.Skip(2).Aggregate(1L, (product, size) => product * size);
            }
        }
    }
}
