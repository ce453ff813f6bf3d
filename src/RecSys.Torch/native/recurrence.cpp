// A gated recurrent unit over sequences that are packed by step. Per step there is one matrix product and one pass over its result, backward two
// products and one pass; composed of operators it is some twenty, over slices that are not contiguous.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

#include "fused.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Fewer rows are not worth a second thread.
constexpr int64_t kRowsPerPart = 256;

__attribute__((always_inline)) inline float tanh_of(float x) { return 2.f * rst::sigmoid_of(2.f * x) - 1.f; }

// x and h have the parts of reset, update and candidate side by side. Keeps what the way back needs: reset, update, candidate, and h of the candidate.
RST_SIMD void forward_row(const float* __restrict x, const float* __restrict h, const float* __restrict state, float attention, int64_t width,
                          float* __restrict kept, float* __restrict next) {
  const int64_t w = width;
  for (int64_t i = 0; i < w; i++) {
    const float reset = rst::sigmoid_of(x[i] + h[i]);
    const float update = 1.f - rst::sigmoid_of(x[w + i] + h[w + i]);
    const float candidate = tanh_of(x[2 * w + i] + reset * h[2 * w + i]);
    kept[i] = reset;
    kept[w + i] = update;
    kept[2 * w + i] = candidate;
    kept[3 * w + i] = h[2 * w + i];
    next[i] = state[i] + attention * update * (candidate - state[i]);
  }
}

// Gradients of x and of h; adds that of the state.
RST_SIMD void backward_row(const float* __restrict g, const float* __restrict state, const float* __restrict kept, float attention, int64_t width,
                           float* __restrict dx, float* __restrict dh, float* __restrict dstate) {
  const int64_t w = width;
  for (int64_t i = 0; i < w; i++) {
    const float reset = kept[i], update = kept[w + i], candidate = kept[2 * w + i];
    const float into_candidate = g[i] * attention * update * (1.f - candidate * candidate);
    dx[i] = dh[i] = into_candidate * kept[3 * w + i] * reset * (1.f - reset);
    dx[w + i] = dh[w + i] = -g[i] * attention * (candidate - state[i]) * update * (1.f - update);
    dx[2 * w + i] = into_candidate;
    dh[2 * w + i] = into_candidate * reset;
    dstate[i] += g[i] * (1.f - attention * update);
  }
}

RST_SIMD float attention_gradient_of(const float* __restrict g, const float* __restrict state, const float* __restrict kept, int64_t width) {
  float sum = 0;
  for (int64_t i = 0; i < width; i++) sum += g[i] * kept[width + i] * (kept[2 * width + i] - state[i]);
  return sum;
}

// No attention is an empty tensor.
struct GatedRecurrence : torch::autograd::Function<GatedRecurrence> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& inputs, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& attention, at::IntArrayRef counts) {
    const int64_t width = weight.size(1);
    at::Tensor states = at::empty({inputs.size(0), width}, inputs.options()), kept = at::empty({inputs.size(0), 4 * width}, inputs.options());
    at::Tensor state = at::zeros({counts[0], width}, inputs.options());
    const float* a = attention.numel() > 0 ? attention.data_ptr<float>() : nullptr;
    int64_t start = 0;
    for (const int64_t count : counts) {
      state = state.narrow(0, 0, count);
      const at::Tensor product = at::addmm(bias, state, weight.t());
      const float *x = inputs.data_ptr<float>() + start * 3 * width, *h = product.data_ptr<float>(), *s = state.data_ptr<float>();
      float *k = kept.data_ptr<float>() + start * 4 * width, *next = states.data_ptr<float>() + start * width;
      at::parallel_for(0, count, kRowsPerPart, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++)
          forward_row(x + r * 3 * width, h + r * 3 * width, s + r * width, a == nullptr ? 1.f : a[start + r], width, k + r * 4 * width, next + r * width);
      });
      state = states.narrow(0, start, count);
      start += count;
    }

    context->save_for_backward({weight, attention, states, kept});
    context->saved_data["counts"] = counts.vec();
    return states;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &weight = saved[0], &attention = saved[1], &states = saved[2], &kept = saved[3];
    const std::vector<int64_t> counts = context->saved_data["counts"].toIntVector();
    const int64_t items = states.size(0), width = weight.size(1);

    // The first states come from zeros, whose gradient nobody asks for.
    at::Tensor total = gradients[0].clone(at::MemoryFormat::Contiguous), first_gradient = at::zeros({counts[0], width}, states.options());
    const at::Tensor first = at::zeros_like(first_gradient);
    at::Tensor dx = at::empty({items, 3 * width}, states.options()), dh = at::empty_like(dx), weight_gradient = at::zeros_like(weight);
    at::Tensor attention_gradient = at::empty_like(attention);
    const float* a = attention.numel() > 0 ? attention.data_ptr<float>() : nullptr;
    float* da = attention_gradient.data_ptr<float>();
    int64_t start = items;
    for (size_t step = counts.size(); step-- > 0;) {
      const int64_t count = counts[step];
      start -= count;
      const at::Tensor state = step > 0 ? states.narrow(0, start - counts[step - 1], count) : first;
      at::Tensor state_gradient = step > 0 ? total.narrow(0, start - counts[step - 1], count) : first_gradient;
      const float *g = total.data_ptr<float>() + start * width, *s = state.data_ptr<float>(), *k = kept.data_ptr<float>() + start * 4 * width;
      float *x = dx.data_ptr<float>() + start * 3 * width, *h = dh.data_ptr<float>() + start * 3 * width, *ds = state_gradient.data_ptr<float>();
      at::parallel_for(0, count, kRowsPerPart, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; r++) {
          backward_row(g + r * width, s + r * width, k + r * 4 * width, a == nullptr ? 1.f : a[start + r], width, x + r * 3 * width, h + r * 3 * width,
                       ds + r * width);
          if (a != nullptr) da[start + r] = attention_gradient_of(g + r * width, s + r * width, k + r * 4 * width, width);
        }
      });
      if (step == 0) break;
      const at::Tensor product_gradient = dh.narrow(0, start, count);
      state_gradient.addmm_(product_gradient, weight);
      weight_gradient.addmm_(product_gradient.t(), state);
    }

    return {dx, weight_gradient, dh.sum(0), attention_gradient, at::Tensor()};
  }
};

at::Tensor gated_recurrence(const at::Tensor& inputs, const at::Tensor& weight, const at::Tensor& bias, const c10::optional<at::Tensor>& attention,
                            at::IntArrayRef counts) {
  TORCH_CHECK(weight.dim() == 2 && weight.size(0) == 3 * weight.size(1), "weight must have the shape [3·width, width], but it is ", weight.sizes());
  const int64_t width = weight.size(1);
  TORCH_CHECK(inputs.dim() == 2 && inputs.size(1) == 3 * width && bias.dim() == 1 && bias.size(0) == 3 * width,
              "inputs must have the shape [items, 3·width] and bias [3·width], but they are ", inputs.sizes(), " and ", bias.sizes());
  const bool attends = attention.has_value() && attention->defined();
  TORCH_CHECK(!attends || (attention->dim() == 1 && attention->size(0) == inputs.size(0)), "attention must have the shape [items], but it is ",
              attends ? attention->sizes() : at::IntArrayRef());
  int64_t items = 0;
  for (size_t step = 0; step < counts.size(); step++) {
    TORCH_CHECK(counts[step] > 0 && (step == 0 || counts[step] <= counts[step - 1]), "counts must be positive and never grow, but they are ", counts);
    items += counts[step];
  }

  TORCH_CHECK(items == inputs.size(0), "counts have ", items, " items, but there are ", inputs.size(0));
  if (items == 0) return inputs.narrow(1, 0, width);

  bool fused = rst::is_plain(inputs) && rst::is_plain(weight) && rst::is_plain(bias) && !rst::autocast_enabled(c10::kCPU);
  fused = fused && (!attends || rst::is_plain(*attention));
  if (fused) return GatedRecurrence::apply(inputs, weight, bias, attends ? *attention : at::empty({0}, inputs.options()), counts);

  // Split at once: the gradient of every single slice would be as large as the whole.
  const std::vector<at::Tensor> steps = inputs.split_with_sizes(counts);
  const std::vector<at::Tensor> weights = attends ? attention->unsqueeze(1).split_with_sizes(counts) : std::vector<at::Tensor>();
  std::vector<at::Tensor> states;
  at::Tensor state = at::zeros({counts[0], width}, inputs.options());
  for (size_t step = 0; step < steps.size(); step++) {
    state = state.narrow(0, 0, counts[step]);
    const std::vector<at::Tensor> x = steps[step].chunk(3, 1), h = at::linear(state, weight, bias).chunk(3, 1);
    const at::Tensor candidate = at::tanh(x[2] + at::sigmoid(x[0] + h[0]) * h[2]);
    at::Tensor update = 1 - at::sigmoid(x[1] + h[1]);
    if (attends) update = update * weights[step];
    state = state + update * (candidate - state);
    states.push_back(state);
  }

  return at::cat(states);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("gated_recurrence(Tensor inputs, Tensor weight, Tensor bias, Tensor? attention, int[] counts) -> Tensor", gated_recurrence);
}
