// Kernels of our own on NVIDIA GPUs. Nothing of CUDA is needed to build: driver and run-time compiler are found when they are first used.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace rst {

// Starts a kernel of row_kernels.cuh on the device's stream, after what libtorch has queued there and before what it queues next.
// arguments: the addresses of the kernel's parameters.
void launch(const char* kernel, c10::Device device, int64_t thread_count, void** arguments);

// Bytes of the device that are free, and all of them.
void memory_of(c10::Device device, int64_t* free, int64_t* total);

}  // namespace rst
