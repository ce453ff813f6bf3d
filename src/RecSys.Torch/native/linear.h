// What the linear layers share.
#pragma once

#include <utility>

#include "fused.h"

namespace rst {

// The gradient before the ReLU, and its sum over the rows: the gradient of the bias.
std::pair<at::Tensor, at::Tensor> mask_and_sum(const at::Tensor& gradient, const at::Tensor& result);

// max(0, input weight^T + bias), with its gradient.
at::Tensor linear_relu(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace rst
