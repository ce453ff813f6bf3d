using RecSys.Torch.Interop;
using RecSys.Torch.Optim;

namespace RecSys.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What happens to gradients between the backward pass and the step.</summary>
        public static class utils
        {
            /// <summary>Scales the gradients of all parameters down together when their common norm is above a bound.</summary>
            /// <param name="parameters">Parameters; those without a gradient are passed over.</param>
            /// <param name="max_norm">Bound, > 0.</param>
            /// <param name="norm_type">Order of the norm, > 0.</param>
            /// <returns>The norm before.</returns>
            public static double clip_grad_norm_(IEnumerable<Tensor> parameters, double max_norm, double norm_type = 2)
            {
                ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max_norm);
                using IDisposable noGrad = no_grad();
                using DisposeScope scope = NewDisposeScope();
                Tensor[] gradients = [.. Autograd.Gradients([.. parameters]).OfType<Tensor>()];
                if (gradients.Length == 0)
                    return 0;
                Tensor total = stack(Foreach.Norm(gradients, norm_type)).norm(norm_type);
                double norm = total.to(float64).item<double>();
                double factor = max_norm / (norm + 1e-6);
                if (factor < 1)
                    Foreach.MultiplyInPlace(gradients, factor);
                return norm;
            }
        }
    }
}
