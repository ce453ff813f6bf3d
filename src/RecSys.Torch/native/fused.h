// What the fused operators share.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstring>

#include "autocast.h"
#include "simd.h"

namespace rst {

// Fused operators compute in fp32 on the CPU; everything else is composed of libtorch's operators.
inline bool is_plain(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

// e^x to 2e-7 relative, branch-free so that it vectorises; Cephes' polynomial.
__attribute__((always_inline)) inline float exp_of(float x) {
  constexpr float kRound = 12582912.f;  // adding 1.5 * 2^23 leaves the nearest whole number in the low bits
  x = x > 88.f ? 88.f : x;
  x = x < -87.f ? -87.f : x;
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float fraction = p * r * r + r + 1.f;
  int32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  const int32_t power_bits = static_cast<int32_t>((static_cast<uint32_t>(bits) + 127u) << 23);
  float power;
  std::memcpy(&power, &power_bits, sizeof power);
  return fraction * power;
}

__attribute__((always_inline)) inline float sigmoid_of(float x) { return 1.f / (1.f + exp_of(-x)); }

}  // namespace rst
