// Fused operators of this project, registered with libtorch's dispatcher under "recsys::".
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "fused.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Samples per task of the thread pool: some 100 microseconds of work.
constexpr int64_t kGrain = 128;

bool is_fused(const at::Tensor& vectors) {
  return rst::is_plain(vectors);
}

// sum[k] = sum over f of v[f, k]; returns (sum over k of sum[k]^2 - sum over f, k of v[f, k]^2) / 2
RST_SIMD float pairwise_sample(const float* __restrict v, int64_t fields, int64_t width, float* __restrict sum, float* __restrict squares) {
  for (int64_t k = 0; k < width; k++) sum[k] = squares[k] = 0;
  for (int64_t f = 0; f < fields; f++, v += width) {
    for (int64_t k = 0; k < width; k++) {
      sum[k] += v[k];
      squares[k] += v[k] * v[k];
    }
  }
  float total = 0;
  for (int64_t k = 0; k < width; k++) total += sum[k] * sum[k] - squares[k];
  return 0.5f * total;
}

// result[f, k] = passed[f, k] + gradient * (sum[k] - v[f, k])
RST_SIMD void pairwise_sample_backward(const float* __restrict v, const float* __restrict sum, float gradient, const float* __restrict passed,
                                       int64_t fields, int64_t width, float* __restrict result) {
  for (int64_t f = 0; f < fields; f++, v += width, passed += width, result += width) {
    for (int64_t k = 0; k < width; k++) result[k] = passed[k] + gradient * (sum[k] - v[k]);
  }
}

// The vectors are handed on beside the result, so that one pass over them adds the gradient of the interaction to the gradient
// of whatever else they are used for.
struct PairwiseInteraction : torch::autograd::Function<PairwiseInteraction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& vectors) {
    at::Tensor sums, result;
    if (is_fused(vectors)) {
      const int64_t fields = vectors.size(1), width = vectors.size(2);
      sums = at::empty({vectors.size(0), width}, vectors.options());
      result = at::empty({vectors.size(0)}, vectors.options());
      const float* v = vectors.data_ptr<float>();
      float *s = sums.data_ptr<float>(), *r = result.data_ptr<float>();
      at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
        std::vector<float> squares(width);
        for (int64_t b = begin; b < end; b++) r[b] = pairwise_sample(v + b * fields * width, fields, width, s + b * width, squares.data());
      });
    } else {
      sums = vectors.sum(1);
      result = (sums.square() - vectors.square().sum(1)).sum(1) * 0.5;
    }
    context->save_for_backward({vectors, sums});
    // Without the guard this would be recorded as a view of an input.
    at::AutoDispatchBelowADInplaceOrView below;
    return {result, vectors.alias()};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &vectors = saved[0], &sums = saved[1];
    if (!gradients[0].defined()) return {gradients[1]};
    const at::Tensor passed = gradients[1].defined() ? gradients[1].contiguous() : at::zeros_like(vectors);
    const at::Tensor gradient = gradients[0].contiguous();
    if (!is_fused(vectors)) return {passed + gradient.view({-1, 1, 1}) * (sums.unsqueeze(1) - vectors)};

    const int64_t fields = vectors.size(1), width = vectors.size(2);
    at::Tensor result = at::empty_like(vectors);
    const float *v = vectors.data_ptr<float>(), *s = sums.data_ptr<float>(), *g = gradient.data_ptr<float>(), *p = passed.data_ptr<float>();
    float* r = result.data_ptr<float>();
    at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        const int64_t place = b * fields * width;
        pairwise_sample_backward(v + place, s + b * width, g[b], p + place, fields, width, r + place);
      }
    });
    return {result};
  }
};

std::tuple<at::Tensor, at::Tensor> pairwise_interaction(const at::Tensor& vectors) {
  TORCH_CHECK(vectors.dim() == 3, "vectors must have the shape [batch, field, dimension], but they have ", vectors.dim(), " dimensions");
  const auto results = PairwiseInteraction::apply(vectors);
  return {results[0], results[1]};
}

// Columns summed at once: two registers of AVX2. A block of known length stays in registers.
constexpr int64_t kLanes = 16;

int64_t round_up(int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// result[c] = sum over i of factors[i] * rows[i * stride + c], for the first `columns` c, rounded up to whole blocks of lanes.
RST_SIMD
void weigh_rows(const float* __restrict factors, int64_t count, const float* __restrict rows, int64_t stride, int64_t columns,
                float* __restrict result) {
  for (int64_t c = 0; c < columns; c += kLanes) {
    float sums[kLanes] = {};
    for (int64_t i = 0; i < count; i++) {
      const float* row = rows + i * stride + c;
      for (int64_t lane = 0; lane < kLanes; lane++) sums[lane] += factors[i] * row[lane];
    }
    std::copy_n(sums, kLanes, result + c);
  }
}

// result[b, i (i - 1) / 2 + j] = v[b, i] . v[b, j] for j < i. The vectors of a sample are transposed first, so that the lanes are
// fields: sums over the dimension then need no sum across lanes.
void dots_forward(const at::Tensor& vectors, at::Tensor& result) {
  const int64_t fields = vectors.size(1), width = vectors.size(2), stride = round_up(fields), pairs = result.size(1);
  const float* v = vectors.data_ptr<float>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
    std::vector<float> transposed(width * stride), dots(stride);
    for (int64_t b = begin; b < end; b++) {
      const float* sample = v + b * fields * width;
      for (int64_t f = 0; f < fields; f++)
        for (int64_t k = 0; k < width; k++) transposed[k * stride + f] = sample[f * width + k];
      float* place = r + b * pairs;
      for (int64_t i = 1; i < fields; i++) {
        weigh_rows(sample + i * width, width, transposed.data(), stride, i, dots.data());
        place = std::copy(dots.data(), dots.data() + i, place);
      }
    }
  });
}

// d/d v[b, i] = sum over j of g[b, i, j] v[b, j], with the gradients of the pairs as a symmetric matrix of zero diagonal.
void dots_backward(const at::Tensor& vectors, const at::Tensor& gradient, at::Tensor& result) {
  const int64_t fields = vectors.size(1), width = vectors.size(2), stride = round_up(width), pairs = gradient.size(1);
  const float* v = vectors.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, vectors.size(0), kGrain, [&](int64_t begin, int64_t end) {
    std::vector<float> symmetric(fields * fields), padded(fields * stride), sums(stride);
    for (int64_t b = begin; b < end; b++) {
      const float* pair = g + b * pairs;
      for (int64_t i = 1; i < fields; i++)
        for (int64_t j = 0; j < i; j++) symmetric[i * fields + j] = symmetric[j * fields + i] = *pair++;
      const int64_t start = b * fields * width;
      for (int64_t f = 0; f < fields; f++) std::copy_n(v + start + f * width, width, padded.data() + f * stride);
      for (int64_t i = 0; i < fields; i++) {
        weigh_rows(symmetric.data() + i * fields, fields, padded.data(), stride, width, sums.data());
        std::copy_n(sums.data(), width, r + start + i * width);
      }
    }
  });
}

struct DotInteraction : torch::autograd::Function<DotInteraction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& vectors) {
    const int64_t fields = vectors.size(1);
    at::Tensor result = at::empty({vectors.size(0), fields * (fields - 1) / 2}, vectors.options());
    dots_forward(vectors, result);
    context->save_for_backward({vectors});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor vectors = context->get_saved_variables()[0];
    at::Tensor result = at::empty_like(vectors);
    dots_backward(vectors, gradients[0].contiguous(), result);
    return {result};
  }
};

at::Tensor dot_interaction(const at::Tensor& vectors) {
  TORCH_CHECK(vectors.dim() == 3, "vectors must have the shape [batch, field, dimension], but they have ", vectors.dim(), " dimensions");
  if (is_fused(vectors)) return DotInteraction::apply(vectors);
  const int64_t fields = vectors.size(1);
  const at::Tensor places = at::tril_indices(fields, fields, -1, vectors.options().dtype(at::kLong));
  return vectors.bmm(vectors.transpose(1, 2)).flatten(1).index_select(1, places[0] * fields + places[1]);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("pairwise_interaction(Tensor vectors) -> (Tensor, Tensor)", pairwise_interaction);
  library.def("dot_interaction(Tensor vectors) -> Tensor", dot_interaction);
}
