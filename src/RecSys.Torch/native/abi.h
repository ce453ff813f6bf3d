// What the bodies of the C interface share: the guard, and tensors in and out.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <exception>
#include <string>

#include "recsys_torch.h"

namespace rst {

extern thread_local std::string last_error;
extern std::atomic<int64_t> live_tensors;

// Runs the body of a C function; turns every exception into a status and a text.
template <typename Body>
rst_status guard(Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& error) {
    last_error = error.what_without_backtrace();
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of unknown type";
  }
  return 1;
}

// An rst_tensor is the TensorImpl itself with one reference counted for the holder: no allocation per handle.
inline rst_tensor* give(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  live_tensors.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<rst_tensor*>(tensor.unsafeReleaseTensorImpl());
}

// A second reference to a tensor that the caller keeps; undefined for null.
inline at::Tensor borrow(const rst_tensor* tensor) {
  if (tensor == nullptr) return {};
  auto* impl = reinterpret_cast<c10::TensorImpl*>(const_cast<rst_tensor*>(tensor));
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl));
}

inline c10::Device to_device(int64_t code) {
  auto index = code & 255;
  return {static_cast<c10::DeviceType>(code >> 8), static_cast<c10::DeviceIndex>(index == 255 ? -1 : index)};
}

inline int32_t from_device(c10::Device device) {
  return static_cast<int32_t>(device.type()) << 8 | (device.has_index() ? device.index() & 255 : 255);
}

}  // namespace rst
