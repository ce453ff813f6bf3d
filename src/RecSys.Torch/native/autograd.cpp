#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "abi.h"
#include "autocast.h"

using namespace rst;

namespace {

std::vector<at::Tensor> borrow_all(const rst_tensor* const* tensors, int32_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (int32_t i = 0; i < count; i++) result.push_back(borrow(tensors[i]));
  return result;
}

}  // namespace

rst_status rst_backward(const rst_tensor* tensor, const rst_tensor* gradient, int32_t retain_graph) {
  return guard([&] {
    std::vector<at::Tensor> gradients;
    if (gradient != nullptr) gradients.push_back(borrow(gradient));
    torch::autograd::backward({borrow(tensor)}, gradients, retain_graph != 0);
  });
}

rst_status rst_grad(const rst_tensor* const* outputs, int32_t output_count, const rst_tensor* const* inputs,
                    int32_t input_count, int32_t retain_graph, int32_t create_graph, rst_tensor** gradients) {
  return guard([&] {
    auto result = torch::autograd::grad(borrow_all(outputs, output_count), borrow_all(inputs, input_count), {},
                                        retain_graph != 0, create_graph != 0, /*allow_unused=*/true);
    for (int32_t i = 0; i < input_count; i++) gradients[i] = give(std::move(result[i]));
  });
}

rst_status rst_set_requires_grad(const rst_tensor* tensor, int32_t requires_grad) {
  return guard([&] { borrow(tensor).set_requires_grad(requires_grad != 0); });
}

rst_status rst_get_gradients(const rst_tensor* const* tensors, int32_t count, rst_tensor** gradients) {
  return guard([&] {
    for (int32_t i = 0; i < count; i++) gradients[i] = give(borrow(tensors[i]).grad());
  });
}

rst_status rst_set_gradient(const rst_tensor* tensor, const rst_tensor* gradient) {
  return guard([&] { borrow(tensor).mutable_grad() = borrow(gradient); });
}

rst_status rst_clear_gradients(const rst_tensor* const* tensors, int32_t count, int32_t set_to_none) {
  return guard([&] {
    for (int32_t i = 0; i < count; i++) {
      at::Tensor& gradient = borrow(tensors[i]).mutable_grad();
      if (!gradient.defined()) continue;
      if (set_to_none != 0)
        gradient.reset();
      else
        gradient.detach_().zero_();
    }
  });
}

int32_t rst_get_grad_enabled() { return c10::GradMode::is_enabled(); }

void rst_set_grad_enabled(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

rst_status rst_autocast_enter(int32_t device_type, int32_t dtype, int32_t* previous_enabled, int32_t* previous_dtype) {
  return guard([&] {
    auto type = static_cast<c10::DeviceType>(device_type);
    *previous_enabled = autocast_enabled(type);
    *previous_dtype = static_cast<int32_t>(autocast_dtype(type));
    set_autocast(type, true, static_cast<at::ScalarType>(dtype));
    at::autocast::increment_nesting();
  });
}

rst_status rst_autocast_leave(int32_t device_type, int32_t previous_enabled, int32_t previous_dtype) {
  return guard([&] {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    set_autocast(static_cast<c10::DeviceType>(device_type), previous_enabled != 0,
                 static_cast<at::ScalarType>(previous_dtype));
  });
}
