#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <dlfcn.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <mutex>

#include "abi.h"

using namespace rst;

rst_status rst_manual_seed(uint64_t seed) {
  return guard([&] { at::manual_seed(seed); });
}

rst_status rst_get_rng_state(int32_t device, rst_tensor** state) {
  return guard([&] {
    at::Generator generator = at::globalContext().defaultGenerator(to_device(device));
    std::lock_guard<std::mutex> lock(generator.mutex());
    *state = give(generator.get_state());
  });
}

rst_status rst_set_rng_state(int32_t device, const rst_tensor* state) {
  return guard([&] {
    at::Generator generator = at::globalContext().defaultGenerator(to_device(device));
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(borrow(state));
  });
}

int32_t rst_get_num_threads() { return at::get_num_threads(); }

rst_status rst_set_num_threads(int32_t count) {
  return guard([&] { at::set_num_threads(count); });
}

int32_t rst_cuda_device_count() {
  int32_t count = 0;
  guard([&] { count = static_cast<int32_t>(torch::cuda::device_count()); });
  return count;
}

rst_status rst_cuda_synchronize() {
  return guard([] { torch::cuda::synchronize(); });
}

const char* rst_libtorch_version() { return TORCH_VERSION; }

const char* rst_openblas_core() {
  auto core = reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return core == nullptr ? nullptr : core();
}
