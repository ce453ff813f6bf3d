// Fused operators of this project, registered with libtorch's dispatcher under "recsys::".
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Samples per task of the thread pool: some 100 microseconds of work.
constexpr int64_t kGrain = 128;

bool is_fused(const at::Tensor& vectors) {
  return vectors.device().is_cpu() && vectors.scalar_type() == at::kFloat && vectors.is_contiguous();
}

// sums[b, k] = sum over f of v[b, f, k]; result[b] = (sum over k of sums[b, k]^2 - sum over f, k of v[b, f, k]^2) / 2
void pairwise_forward(const at::Tensor& vectors, at::Tensor& sums, at::Tensor& result) {
  const int64_t fields = vectors.size(1), width = vectors.size(2);
  const float* v = vectors.data_ptr<float>();
  float* s = sums.data_ptr<float>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
    std::vector<float> squares(width);
    for (int64_t b = begin; b < end; b++) {
      float* sum = s + b * width;
      std::fill(sum, sum + width, 0.f);
      std::fill(squares.begin(), squares.end(), 0.f);
      for (int64_t f = 0; f < fields; f++) {
        const float* row = v + (b * fields + f) * width;
        for (int64_t k = 0; k < width; k++) {
          sum[k] += row[k];
          squares[k] += row[k] * row[k];
        }
      }
      float total = 0;
      for (int64_t k = 0; k < width; k++) total += sum[k] * sum[k] - squares[k];
      r[b] = 0.5f * total;
    }
  });
}

// d result[b] / d v[b, f, k] = sums[b, k] - v[b, f, k]
void pairwise_backward(const at::Tensor& vectors, const at::Tensor& sums, const at::Tensor& gradient, at::Tensor& result) {
  const int64_t fields = vectors.size(1), width = vectors.size(2);
  const float* v = vectors.data_ptr<float>();
  const float* s = sums.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const float* sum = s + b * width;
      for (int64_t f = 0; f < fields; f++) {
        const int64_t row = (b * fields + f) * width;
        for (int64_t k = 0; k < width; k++) r[row + k] = g[b] * (sum[k] - v[row + k]);
      }
    }
  });
}

struct PairwiseInteraction : torch::autograd::Function<PairwiseInteraction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& vectors) {
    at::Tensor sums, result;
    if (is_fused(vectors)) {
      sums = at::empty({vectors.size(0), vectors.size(2)}, vectors.options());
      result = at::empty({vectors.size(0)}, vectors.options());
      pairwise_forward(vectors, sums, result);
    } else {
      sums = vectors.sum(1);
      result = (sums.square() - vectors.square().sum(1)).sum(1) * 0.5;
    }
    context->save_for_backward({vectors, sums});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &vectors = saved[0], &sums = saved[1];
    if (!is_fused(vectors)) return {gradients[0].view({-1, 1, 1}) * (sums.unsqueeze(1) - vectors)};
    at::Tensor result = at::empty_like(vectors);
    pairwise_backward(vectors, sums, gradients[0].contiguous(), result);
    return {result};
  }
};

at::Tensor pairwise_interaction(const at::Tensor& vectors) {
  TORCH_CHECK(vectors.dim() == 3, "vectors must have the shape [batch, field, dimension], but they have ", vectors.dim(), " dimensions");
  return PairwiseInteraction::apply(vectors);
}

}  // namespace

TORCH_LIBRARY(recsys, library) { library.def("pairwise_interaction(Tensor vectors) -> Tensor", pairwise_interaction); }
