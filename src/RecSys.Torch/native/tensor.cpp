#include <ATen/ATen.h>

#include <cstring>

#include "abi.h"

namespace rst {
thread_local std::string last_error;
std::atomic<int64_t> live_tensors{0};
}  // namespace rst

using namespace rst;

const char* rst_last_error() { return last_error.c_str(); }

rst_status rst_tensor_create(const void* data, const int64_t* sizes, int32_t dimension_count, int32_t dtype,
                             rst_tensor** result) {
  return guard([&] {
    at::IntArrayRef shape(sizes, dimension_count);
    at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
    if (data != nullptr && tensor.numel() > 0) std::memcpy(tensor.data_ptr(), data, tensor.nbytes());
    *result = give(std::move(tensor));
  });
}

void rst_tensor_free(rst_tensor* tensor) {
  if (tensor == nullptr) return;
  live_tensors.fetch_sub(1, std::memory_order_relaxed);
  auto* impl = reinterpret_cast<c10::TensorImpl*>(tensor);
  c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(impl);
}

rst_status rst_tensor_get_info(const rst_tensor* tensor, rst_tensor_info* info) {
  return guard([&] {
    at::Tensor t = borrow(tensor);
    info->element_count = t.numel();
    info->dimension_count = static_cast<int32_t>(t.dim());
    info->dtype = static_cast<int32_t>(t.scalar_type());
    info->device = from_device(t.device());
    info->requires_grad = t.requires_grad();
    info->is_contiguous = t.is_contiguous();
    info->is_leaf = t.is_leaf();
    info->element_size = static_cast<uint8_t>(t.element_size());
  });
}

rst_status rst_tensor_get_sizes(const rst_tensor* tensor, int64_t* sizes) {
  return guard([&] {
    at::Tensor t = borrow(tensor);
    auto shape = t.sizes();
    std::copy(shape.begin(), shape.end(), sizes);
  });
}

rst_status rst_tensor_get_data(const rst_tensor* tensor, void** data) {
  return guard([&] {
    at::Tensor t = borrow(tensor);
    TORCH_CHECK(t.device().is_cpu(), "the elements are on ", t.device(), "; move the tensor to cpu first");
    TORCH_CHECK(t.is_contiguous(), "the elements are not contiguous; call contiguous() first");
    *data = t.data_ptr();
  });
}

rst_status rst_tensor_get_item(const rst_tensor* tensor, rst_value* value) {
  return guard([&] {
    at::Scalar item = borrow(tensor).item();
    value->count = 0;
    if (item.isBoolean()) {
      value->kind = RST_BOOL;
      value->integer = item.toBool();
    } else if (item.isIntegral(/*includeBool=*/false)) {
      value->kind = RST_INT;
      value->integer = item.toLong();
    } else {
      value->kind = RST_DOUBLE;
      value->number = item.toDouble();
    }
  });
}

int64_t rst_tensor_live_count() { return live_tensors.load(std::memory_order_relaxed); }
