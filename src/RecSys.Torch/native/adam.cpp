// The step of Adam: one pass over parameters, gradients and both states.
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fused.h"

namespace {

using rst::is_plain;

// Numbers per task of the thread pool: some 20 microseconds of work.
constexpr int64_t kGrain = 1 << 15;

struct Rule {
  float mean_decay, mean_share, square_decay, square_share, rate, root, eps;
};

RST_SIMD void step(float* __restrict w, const float* __restrict g, float* __restrict mean, float* __restrict square, int64_t count,
                   const Rule& rule) {
  const Rule r = rule;
  for (int64_t i = 0; i < count; i++) {
    mean[i] = mean[i] * r.mean_decay + g[i] * r.mean_share;
    square[i] = square[i] * r.square_decay + g[i] * g[i] * r.square_share;
    w[i] -= r.rate * mean[i] / (std::sqrt(square[i]) / r.root + r.eps);
  }
}

std::vector<at::Scalar> scalars(at::ArrayRef<double> values, double factor) {
  std::vector<at::Scalar> result;
  for (double value : values) result.emplace_back(factor * value);
  return result;
}

// rates: learning rate / (1 - beta1^t) of each parameter; roots: sqrt(1 - beta2^t).
void adam_(at::TensorList parameters, at::TensorList gradients, at::TensorList means, at::TensorList squares,
           at::ArrayRef<double> rates, at::ArrayRef<double> roots, double beta1, double beta2, double eps) {
  const auto all = [](at::TensorList list) { return std::all_of(list.begin(), list.end(), is_plain); };
  if (!all(parameters) || !all(gradients) || !all(means) || !all(squares)) {
    at::_foreach_mul_(means, beta1);
    at::_foreach_add_(means, gradients, 1 - beta1);
    at::_foreach_mul_(squares, beta2);
    at::_foreach_addcmul_(squares, gradients, gradients, 1 - beta2);
    auto denominators = at::_foreach_sqrt(squares);
    at::_foreach_div_(denominators, scalars(roots, 1));
    at::_foreach_add_(denominators, eps);
    at::_foreach_addcdiv_(parameters, means, denominators, scalars(rates, -1));
    return;
  }

  for (size_t p = 0; p < parameters.size(); p++) {
    const Rule rule{static_cast<float>(beta1), static_cast<float>(1 - beta1), static_cast<float>(beta2), static_cast<float>(1 - beta2),
                    static_cast<float>(rates[p]), static_cast<float>(roots[p]), static_cast<float>(eps)};
    float *w = parameters[p].data_ptr<float>(), *mean = means[p].data_ptr<float>(), *square = squares[p].data_ptr<float>();
    const float* g = gradients[p].data_ptr<float>();
    at::parallel_for(0, parameters[p].numel(), kGrain,
                     [&](int64_t begin, int64_t end) { step(w + begin, g + begin, mean + begin, square + begin, end - begin, rule); });
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def(
      "adam_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] means, Tensor(c!)[] squares, float[] rates, float[] roots, "
      "float beta1, float beta2, float eps) -> ()",
      adam_);
}
