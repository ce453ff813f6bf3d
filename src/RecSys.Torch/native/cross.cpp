// Cross layers x_(l+1) = x_0 * (W_l x_l + b_l) + x_l: per layer one matrix product and one pass over its result in either
// direction; the gradient of x_0, to which every layer adds, is kept in one block.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

#include "fused.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Fewer rows are not worth a second thread.
constexpr int64_t kRowsPerPart = 128;

RST_SIMD void cross_row(const float* __restrict start, const float* __restrict x, const float* __restrict product, const float* __restrict bias,
                        int64_t width, float* __restrict result) {
  for (int64_t k = 0; k < width; k++) result[k] = x[k] + start[k] * (product[k] + bias[k]);
}

// product_gradient = gradient * start, start_gradient += gradient * (product + bias), bias_gradient += product_gradient
RST_SIMD void cross_row_backward(const float* __restrict gradient, const float* __restrict start, const float* __restrict product,
                                 const float* __restrict bias, int64_t width, float* __restrict product_gradient,
                                 float* __restrict start_gradient, float* __restrict bias_gradient) {
  for (int64_t k = 0; k < width; k++) {
    const float value = gradient[k] * start[k];
    product_gradient[k] = value;
    start_gradient[k] += gradient[k] * (product[k] + bias[k]);
    bias_gradient[k] += value;
  }
}

at::Tensor cross_forward(const at::Tensor& start, const at::Tensor& x, const at::Tensor& product, const at::Tensor& bias) {
  const int64_t width = start.size(1);
  at::Tensor result = at::empty_like(start);
  const float *s = start.data_ptr<float>(), *v = x.data_ptr<float>(), *p = product.data_ptr<float>(), *b = bias.data_ptr<float>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, start.size(0), kRowsPerPart, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * width; i < end * width; i += width) cross_row(s + i, v + i, p + i, b, width, r + i);
  });
  return result;
}

// Adds to the gradient of the start; returns those of the product and of the bias.
std::pair<at::Tensor, at::Tensor> cross_backward(const at::Tensor& gradient, const at::Tensor& start, const at::Tensor& product,
                                                 const at::Tensor& bias, at::Tensor& start_gradient) {
  const int64_t rows = start.size(0), width = start.size(1);
  // The rows of a part are added up by one thread, so the sums do not depend on who was faster.
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), rows / kRowsPerPart));
  at::Tensor product_gradient = at::empty_like(start), sums = at::zeros({parts, width}, start.options());
  const float *g = gradient.data_ptr<float>(), *s = start.data_ptr<float>(), *p = product.data_ptr<float>(), *b = bias.data_ptr<float>();
  float *dp = product_gradient.data_ptr<float>(), *ds = start_gradient.data_ptr<float>(), *db = sums.data_ptr<float>();
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      for (int64_t i = rows * part / parts * width; i < rows * (part + 1) / parts * width; i += width)
        cross_row_backward(g + i, s + i, p + i, b, width, dp + i, ds + i, db + part * width);
    }
  });
  return {product_gradient, sums.sum(0)};
}

// The product of the first layer comes with its bias; those of the others are computed here.
struct CrossLayers : torch::autograd::Function<CrossLayers> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& start, const at::Tensor& first, at::TensorList weights,
                            at::TensorList biases) {
    const at::Tensor none = at::zeros({start.size(1)}, start.options());
    variable_list saved{start, first, none};
    at::Tensor x = cross_forward(start, start, first, none);
    for (size_t l = 0; l < weights.size(); l++) {
      const at::Tensor product = x.mm(weights[l].t());
      saved.insert(saved.end(), {x, product, weights[l], biases[l]});
      x = cross_forward(start, x, product, biases[l]);
    }

    context->save_for_backward(std::move(saved));
    return x;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &start = saved[0], &first = saved[1], &none = saved[2];
    const size_t layers = (saved.size() - 3) / 4;
    variable_list result(2 + 2 * layers);
    at::Tensor gradient = gradients[0].clone(at::MemoryFormat::Contiguous), start_gradient = at::zeros_like(start), product_gradient;
    for (size_t l = layers; l-- > 0;) {
      const at::Tensor *layer = &saved[3 + 4 * l], &x = layer[0], &product = layer[1], &weight = layer[2], &bias = layer[3];
      std::tie(product_gradient, result[2 + layers + l]) = cross_backward(gradient, start, product, bias, start_gradient);
      result[2 + l] = product_gradient.t().mm(x);
      gradient.addmm_(product_gradient, weight);
    }

    std::tie(result[1], std::ignore) = cross_backward(gradient, start, first, none, start_gradient);
    result[0] = start_gradient.add_(gradient);
    return result;
  }
};

at::Tensor cross_layers(const at::Tensor& start, const at::Tensor& first, at::TensorList weights, at::TensorList biases) {
  TORCH_CHECK(start.dim() == 2 && start.sizes() == first.sizes(), "start and first must be of one shape [rows, width], but they are ",
              start.sizes(), " and ", first.sizes());
  TORCH_CHECK(weights.size() == biases.size(), weights.size(), " weights do not fit ", biases.size(), " biases");
  bool fused = rst::is_plain(start) && rst::is_plain(first) && !rst::autocast_enabled(c10::kCPU);
  for (size_t l = 0; l < weights.size(); l++) fused = fused && rst::is_plain(weights[l]) && rst::is_plain(biases[l]);
  if (fused) return CrossLayers::apply(start, first, weights, biases);

  at::Tensor x = at::addcmul(start, start, first);
  for (size_t l = 0; l < weights.size(); l++) x = at::addcmul(x, start, at::linear(x, weights[l], biases[l]));
  return x;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("cross_layers(Tensor start, Tensor first, Tensor[] weights, Tensor[] biases) -> Tensor", cross_layers);
}
