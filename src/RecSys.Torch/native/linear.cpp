// A linear layer fused with its ReLU: the matrix products are libtorch's, the element-wise work around them is one pass
// over the result instead of three in either direction.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "linear.h"

namespace {

using rst::is_plain;

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Fewer rows are not worth a second thread.
constexpr int64_t kRowsPerPart = 128;

bool is_fused(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return input.dim() == 2 && is_plain(input) && is_plain(weight) && is_plain(bias) && !rst::autocast_enabled(c10::kCPU);
}

// masked = gradient where the ReLU was open, else 0; sums += masked
RST_SIMD void mask_row(const float* __restrict gradient, const float* __restrict result, float* __restrict masked,
                       float* __restrict sums, int64_t width) {
  for (int64_t i = 0; i < width; i++) {
    // Read in any case: a read that depends on the comparison becomes a branch, and half of them are guessed wrong.
    const float open = gradient[i];
    const float value = result[i] > 0 ? open : 0.f;
    masked[i] = value;
    sums[i] += value;
  }
}

}  // namespace

namespace rst {

std::pair<at::Tensor, at::Tensor> mask_and_sum(const at::Tensor& gradient, const at::Tensor& result) {
  const int64_t rows = gradient.size(0), width = gradient.size(1);
  at::Tensor masked = at::empty_like(gradient);
  // The rows of a part are added up by one thread, so the sums do not depend on who was faster.
  const int64_t parts = std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), rows / kRowsPerPart));
  at::Tensor sums = at::zeros({parts, width}, gradient.options());
  const float* g = gradient.data_ptr<float>();
  const float* y = result.data_ptr<float>();
  float* m = masked.data_ptr<float>();
  float* s = sums.data_ptr<float>();
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      for (int64_t r = rows * part / parts; r < rows * (part + 1) / parts; r++)
        mask_row(g + r * width, y + r * width, m + r * width, s + part * width, width);
    }
  });
  return {masked, sums.sum(0)};
}

}  // namespace rst

namespace {

struct LinearRelu : torch::autograd::Function<LinearRelu> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
    at::Tensor result = at::addmm(bias, input, weight.t()).relu_();
    context->save_for_backward({input, weight, result});
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1];
    const auto [gradient, bias_gradient] = rst::mask_and_sum(gradients[0].contiguous(), saved[2]);
    const at::Tensor input_gradient = context->needs_input_grad(0) ? gradient.mm(weight) : at::Tensor();
    return {input_gradient, gradient.t().mm(input), bias_gradient};
  }
};

}  // namespace

at::Tensor rst::linear_relu(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return is_fused(input, weight, bias) ? LinearRelu::apply(input, weight, bias) : at::relu(at::linear(input, weight, bias));
}

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("linear_relu(Tensor input, Tensor weight, Tensor bias) -> Tensor", rst::linear_relu);
}
