// Operators over behaviour sequences of different lengths without padding: the items of sample b are rows offsets[b] ...
// offsets[b + 1] - 1. Samples are independent, so each is computed by one thread, in order.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "fused.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Samples per task of the thread pool.
constexpr int64_t kGrain = 16;

bool is_fused(const at::Tensor& left, const at::Tensor& right, const at::Tensor& offsets) {
  return rst::is_plain(left) && rst::is_plain(right) && offsets.device().is_cpu() && offsets.is_contiguous();
}

void check(const at::Tensor& offsets, int64_t items) {
  TORCH_CHECK(offsets.dim() == 1 && offsets.scalar_type() == at::kLong && offsets.size(0) > 0,
              "offsets must be int64 with the shape [samples + 1]");
  if (!offsets.device().is_cpu()) return;
  const int64_t* o = offsets.data_ptr<int64_t>();
  const int64_t last = offsets.size(0) - 1;
  TORCH_CHECK(o[0] == 0 && o[last] == items, "offsets must begin with 0 and end with the number of items, ", items, ", but they go from ",
              o[0], " to ", o[last]);
  for (int64_t b = 0; b < last; b++) TORCH_CHECK(o[b] <= o[b + 1], "offsets must not fall, but after ", o[b], " comes ", o[b + 1]);
}

// The sample of each item, int64 [items].
at::Tensor sample_of_each(const at::Tensor& offsets) { return at::repeat_interleave(offsets.diff()); }

// The first layer of an attention unit is linear in (q, k, q - k, q * k), so its weight folds: the columns of q and q - k meet q once
// per sample, those of k and q - k meet k, and only k | q * k, half as wide, is multiplied per item.
struct FoldedWeight {
  explicit FoldedWeight(const at::Tensor& weight) {
    const int64_t width = weight.size(1) / 4;
    const at::Tensor difference = weight.narrow(1, 2 * width, width);
    query = weight.narrow(1, 0, width) + difference;
    items = at::cat({weight.narrow(1, width, width) - difference, weight.narrow(1, 3 * width, width)}, 1);
  }

  // The gradient of the weight from those of its parts.
  static at::Tensor unfold(const at::Tensor& query_gradient, const at::Tensor& items_gradient) {
    const int64_t width = query_gradient.size(1);
    const at::Tensor keys_gradient = items_gradient.narrow(1, 0, width);
    return at::cat({query_gradient, keys_gradient, query_gradient - keys_gradient, items_gradient.narrow(1, width, width)}, 1);
  }

  at::Tensor query, items;
};

// k | q * k
RST_SIMD void item_row(const float* __restrict q, const float* __restrict k, int64_t width, float* __restrict result) {
  for (int64_t i = 0; i < width; i++) {
    result[i] = k[i];
    result[width + i] = q[i] * k[i];
  }
}

RST_SIMD void item_row_backward(const float* __restrict q, const float* __restrict k, const float* __restrict g, int64_t width,
                                float* __restrict q_gradient, float* __restrict k_gradient) {
  for (int64_t i = 0; i < width; i++) {
    q_gradient[i] += g[width + i] * k[i];
    k_gradient[i] = g[i] + g[width + i] * q[i];
  }
}

RST_SIMD void add_row(const float* __restrict row, int64_t width, float* __restrict sum) {
  for (int64_t i = 0; i < width; i++) sum[i] += row[i];
}

// Calls body(sample, begin, end) with the items of every sample, the samples spread over the threads.
template <typename Body>
void for_samples(const at::Tensor& offsets, const Body& body) {
  const int64_t* o = offsets.data_ptr<int64_t>();
  at::parallel_for(0, offsets.size(0) - 1, kGrain, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) body(b, o[b], o[b + 1]);
  });
}

// Calls body(sample, item) for every item.
template <typename Body>
void for_items(const at::Tensor& offsets, const Body& body) {
  for_samples(offsets, [&](int64_t b, int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) body(b, j);
  });
}

struct AttentionLinear : torch::autograd::Function<AttentionLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& keys, const at::Tensor& offsets,
                            const at::Tensor& weight, const at::Tensor& bias) {
    const int64_t width = query.size(1), outputs = weight.size(0);
    const FoldedWeight folded(weight);
    const at::Tensor per_sample = at::addmm(bias, query, folded.query.t());
    at::Tensor items = at::empty({keys.size(0), 2 * width}, keys.options()), result = at::empty({keys.size(0), outputs}, keys.options());
    const float *q = query.data_ptr<float>(), *k = keys.data_ptr<float>(), *s = per_sample.data_ptr<float>();
    float *x = items.data_ptr<float>(), *r = result.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) {
      item_row(q + b * width, k + j * width, width, x + j * 2 * width);
      std::copy_n(s + b * outputs, outputs, r + j * outputs);
    });
    result.addmm_(items, folded.items.t());
    context->save_for_backward({query, keys, offsets, weight, items});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &keys = saved[1], &offsets = saved[2], &weight = saved[3], &items = saved[4];
    const FoldedWeight folded(weight);
    const at::Tensor gradient = gradients[0].contiguous(), items_gradient = gradient.mm(folded.items);
    const int64_t width = query.size(1), outputs = weight.size(0);
    at::Tensor sums = at::zeros({query.size(0), outputs}, query.options()), keys_gradient = at::empty_like(keys);
    at::Tensor product_gradient = at::zeros_like(query);
    const float *q = query.data_ptr<float>(), *k = keys.data_ptr<float>();
    const float *g = gradient.data_ptr<float>(), *dx = items_gradient.data_ptr<float>();
    float *s = sums.data_ptr<float>(), *dq = product_gradient.data_ptr<float>(), *dk = keys_gradient.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) {
      add_row(g + j * outputs, outputs, s + b * outputs);
      item_row_backward(q + b * width, k + j * width, dx + j * 2 * width, width, dq + b * width, dk + j * width);
    });
    const at::Tensor weight_gradient = FoldedWeight::unfold(sums.t().mm(query), gradient.t().mm(items));
    return {product_gradient.addmm_(sums, folded.query), keys_gradient, at::Tensor(), weight_gradient, sums.sum(0)};
  }
};

at::Tensor attention_linear(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& offsets, const at::Tensor& weight,
                            const at::Tensor& bias) {
  TORCH_CHECK(query.dim() == 2 && keys.dim() == 2 && query.size(1) == keys.size(1), "query must be [samples, width] and keys [items, width], but they are ",
              query.sizes(), " and ", keys.sizes());
  check(offsets, keys.size(0));
  TORCH_CHECK(offsets.size(0) == query.size(0) + 1, "offsets are those of ", offsets.size(0) - 1, " samples, but query has ", query.size(0));
  const at::Tensor dense_query = query.contiguous(), dense_keys = keys.contiguous();
  const bool fused = is_fused(dense_query, dense_keys, offsets) && rst::is_plain(weight) && rst::is_plain(bias) && !rst::autocast_enabled(c10::kCPU);
  if (fused) return AttentionLinear::apply(dense_query, dense_keys, offsets, weight, bias);
  const at::Tensor spread = query.index_select(0, sample_of_each(offsets));
  return at::linear(at::cat({spread, keys, spread - keys, spread * keys}, 1), weight, bias);
}

RST_SIMD void add_scaled(const float* __restrict x, float factor, int64_t width, float* __restrict sum) {
  for (int64_t i = 0; i < width; i++) sum[i] += factor * x[i];
}

RST_SIMD float weight_gradient(const float* __restrict g, const float* __restrict x, float weight, int64_t width, float* __restrict x_gradient) {
  float sum = 0;
  for (int64_t i = 0; i < width; i++) {
    x_gradient[i] = weight * g[i];
    sum += g[i] * x[i];
  }
  return sum;
}

struct WeightedSum : torch::autograd::Function<WeightedSum> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weights, const at::Tensor& items, const at::Tensor& offsets) {
    context->save_for_backward({weights, items, offsets});
    const int64_t width = items.size(1), samples = offsets.size(0) - 1;
    at::Tensor result = at::zeros({samples, width}, items.options());
    const float *w = weights.data_ptr<float>(), *x = items.data_ptr<float>();
    float* r = result.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) { add_scaled(x + j * width, w[j], width, r + b * width); });
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &weights = saved[0], &items = saved[1], &offsets = saved[2];
    const at::Tensor gradient = gradients[0].contiguous();
    at::Tensor weights_gradient = at::empty_like(weights), items_gradient = at::empty_like(items);
    const int64_t width = items.size(1);
    const float *w = weights.data_ptr<float>(), *x = items.data_ptr<float>(), *g = gradient.data_ptr<float>();
    float *dw = weights_gradient.data_ptr<float>(), *dx = items_gradient.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) { dw[j] = weight_gradient(g + b * width, x + j * width, w[j], width, dx + j * width); });
    return {weights_gradient, items_gradient, at::Tensor()};
  }
};

at::Tensor weighted_segment_sum(const at::Tensor& weights, const at::Tensor& items, const at::Tensor& offsets) {
  TORCH_CHECK(items.dim() == 2 && weights.dim() == 1 && weights.size(0) == items.size(0), "weights must be [items] and items [items, width], but they are ",
              weights.sizes(), " and ", items.sizes());
  check(offsets, items.size(0));
  const at::Tensor dense_weights = weights.contiguous(), dense_items = items.contiguous();
  if (is_fused(dense_weights, dense_items, offsets)) return WeightedSum::apply(dense_weights, dense_items, offsets);
  return at::zeros({offsets.size(0) - 1, items.size(1)}, items.options()).index_add(0, sample_of_each(offsets), weights.unsqueeze(1) * items);
}

RST_SIMD float dot_rows(const float* __restrict x, const float* __restrict y, int64_t width) {
  float sum = 0;
  for (int64_t i = 0; i < width; i++) sum += x[i] * y[i];
  return sum;
}

RST_SIMD void dot_rows_backward(const float* __restrict q, const float* __restrict x, float g, int64_t width, float* __restrict q_gradient,
                                float* __restrict x_gradient) {
  for (int64_t i = 0; i < width; i++) {
    q_gradient[i] += g * x[i];
    x_gradient[i] = g * q[i];
  }
}

struct SegmentDot : torch::autograd::Function<SegmentDot> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& items, const at::Tensor& offsets) {
    context->save_for_backward({query, items, offsets});
    const int64_t width = items.size(1);
    at::Tensor result = at::empty({items.size(0)}, items.options());
    const float *q = query.data_ptr<float>(), *x = items.data_ptr<float>();
    float* r = result.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) { r[j] = dot_rows(q + b * width, x + j * width, width); });
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &items = saved[1], &offsets = saved[2];
    const at::Tensor gradient = gradients[0].contiguous();
    at::Tensor query_gradient = at::zeros_like(query), items_gradient = at::empty_like(items);
    const int64_t width = items.size(1);
    const float *q = query.data_ptr<float>(), *x = items.data_ptr<float>(), *g = gradient.data_ptr<float>();
    float *dq = query_gradient.data_ptr<float>(), *dx = items_gradient.data_ptr<float>();
    for_items(offsets, [&](int64_t b, int64_t j) { dot_rows_backward(q + b * width, x + j * width, g[j], width, dq + b * width, dx + j * width); });
    return {query_gradient, items_gradient, at::Tensor()};
  }
};

at::Tensor segment_dot(const at::Tensor& query, const at::Tensor& items, const at::Tensor& offsets) {
  TORCH_CHECK(query.dim() == 2 && items.dim() == 2 && query.size(1) == items.size(1), "query must be [samples, width] and items [items, width], but they are ",
              query.sizes(), " and ", items.sizes());
  check(offsets, items.size(0));
  TORCH_CHECK(offsets.size(0) == query.size(0) + 1, "offsets are those of ", offsets.size(0) - 1, " samples, but query has ", query.size(0));
  const at::Tensor dense_query = query.contiguous(), dense_items = items.contiguous();
  if (is_fused(dense_query, dense_items, offsets)) return SegmentDot::apply(dense_query, dense_items, offsets);
  return (query.index_select(0, sample_of_each(offsets)) * items).sum(1);
}

struct SegmentSoftmax : torch::autograd::Function<SegmentSoftmax> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& scores, const at::Tensor& offsets) {
    at::Tensor result = at::empty_like(scores);
    const float* s = scores.data_ptr<float>();
    float* r = result.data_ptr<float>();
    for_samples(offsets, [&](int64_t, int64_t begin, int64_t end) {
      if (begin == end) return;
      const float largest = *std::max_element(s + begin, s + end);
      float sum = 0;
      for (int64_t j = begin; j < end; j++) sum += r[j] = std::exp(s[j] - largest);
      for (int64_t j = begin; j < end; j++) r[j] /= sum;
    });
    context->save_for_backward({result, offsets});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &shares = saved[0], &offsets = saved[1];
    const at::Tensor gradient = gradients[0].contiguous();
    at::Tensor scores_gradient = at::empty_like(shares);
    const float *s = shares.data_ptr<float>(), *g = gradient.data_ptr<float>();
    float* ds = scores_gradient.data_ptr<float>();
    for_samples(offsets, [&](int64_t, int64_t begin, int64_t end) {
      float mean = 0;
      for (int64_t j = begin; j < end; j++) mean += g[j] * s[j];
      for (int64_t j = begin; j < end; j++) ds[j] = s[j] * (g[j] - mean);
    });
    return {scores_gradient, at::Tensor()};
  }
};

// Subtracting a sample's own largest score leaves its quotients unchanged and keeps exp from overflowing.
at::Tensor segment_softmax(const at::Tensor& scores, const at::Tensor& offsets) {
  TORCH_CHECK(scores.dim() == 1, "scores must be [items], but they are ", scores.sizes());
  check(offsets, scores.size(0));
  const at::Tensor dense_scores = scores.contiguous();
  if (is_fused(dense_scores, dense_scores, offsets)) return SegmentSoftmax::apply(dense_scores, offsets);
  const int64_t samples = offsets.size(0) - 1;
  const at::Tensor sample = sample_of_each(offsets);
  const at::Tensor none = at::full({samples}, -std::numeric_limits<double>::infinity(), scores.options());
  const at::Tensor largest = none.index_reduce(0, sample, scores.detach(), "amax");
  const at::Tensor powers = (scores - largest.index_select(0, sample)).exp();
  const at::Tensor sums = at::zeros({samples}, scores.options()).index_add(0, sample, powers);
  return powers / sums.index_select(0, sample);
}

// The items of every sample with the highest scores, in their order, the earlier one of two equal scores. Scores that are no numbers count as the lowest.
std::tuple<at::Tensor, at::Tensor> segment_topk(const at::Tensor& scores, const at::Tensor& offsets, int64_t k) {
  TORCH_CHECK(scores.dim() == 1, "scores must be [items], but they are ", scores.sizes());
  TORCH_CHECK(k > 0, "k must be at least 1, but it is ", k);
  const at::Tensor host_offsets = offsets.cpu().contiguous(), host_scores = scores.detach().to(at::kCPU, at::kFloat).contiguous();
  check(host_offsets, scores.size(0));
  const int64_t samples = host_offsets.size(0) - 1;
  const int64_t* o = host_offsets.data_ptr<int64_t>();
  at::Tensor kept_offsets = at::zeros({samples + 1}, host_offsets.options());
  int64_t* kept = kept_offsets.data_ptr<int64_t>();
  for (int64_t b = 0; b < samples; b++) kept[b + 1] = kept[b] + std::min(k, o[b + 1] - o[b]);
  at::Tensor places = at::empty({kept[samples]}, host_offsets.options());
  const float* s = host_scores.data_ptr<float>();
  int64_t* p = places.data_ptr<int64_t>();
  for_samples(host_offsets, [&](int64_t b, int64_t begin, int64_t end) {
    const int64_t count = kept[b + 1] - kept[b];
    int64_t* result = p + kept[b];
    if (count == end - begin) {
      std::iota(result, result + count, begin);
      return;
    }
    thread_local std::vector<float> own;
    own.assign(s + begin, s + end);
    for (float& score : own) score = std::isnan(score) ? -std::numeric_limits<float>::infinity() : score;
    std::nth_element(own.begin(), own.begin() + (count - 1), own.end(), std::greater<float>());

    // Of the scores that equal the last one kept, the first are.
    const float lowest = own[count - 1];
    int64_t equals = count - std::count_if(own.begin(), own.begin() + count, [lowest](float score) { return score > lowest; });
    for (int64_t j = begin; j < end; j++) {
      const float score = std::isnan(s[j]) ? -std::numeric_limits<float>::infinity() : s[j];
      if (score > lowest || (score == lowest && equals-- > 0)) *result++ = j;
    }
  });
  return {places.to(scores.device()), kept_offsets.to(offsets.device())};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("attention_linear(Tensor query, Tensor keys, Tensor offsets, Tensor weight, Tensor bias) -> Tensor", attention_linear);
  library.def("weighted_segment_sum(Tensor weights, Tensor items, Tensor offsets) -> Tensor", weighted_segment_sum);
  library.def("segment_dot(Tensor query, Tensor items, Tensor offsets) -> Tensor", segment_dot);
  library.def("segment_softmax(Tensor scores, Tensor offsets) -> Tensor", segment_softmax);
  library.def("segment_topk(Tensor scores, Tensor offsets, int k) -> (Tensor, Tensor)", segment_topk);
}
