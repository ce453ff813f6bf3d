// What NVIDIA's compilers know by themselves, for clang's, so that the kernels can be compiled without anything of CUDA.
#pragma once

#define __CUDACC__ 1
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __forceinline__ __attribute__((always_inline)) inline

struct BuiltinIndex {
  int x;
};

__device__ inline BuiltinIndex thread_index() { return {__nvvm_read_ptx_sreg_tid_x()}; }
__device__ inline BuiltinIndex block_index() { return {__nvvm_read_ptx_sreg_ctaid_x()}; }
__device__ inline BuiltinIndex block_size() { return {__nvvm_read_ptx_sreg_ntid_x()}; }
#define threadIdx thread_index()
#define blockIdx block_index()
#define blockDim block_size()

__device__ inline float __shfl_xor_sync(unsigned mask, float value, int lanes) { return __nvvm_shfl_sync_bfly_f32(mask, value, lanes, 31); }
__device__ inline void __syncwarp(unsigned mask) { __nvvm_bar_warp_sync(mask); }
__device__ inline float fminf(float a, float b) { return a < b ? a : b; }
__device__ inline float floorf(float value) { return __nvvm_floor_f(value); }
__device__ inline float rintf(float value) { return __builtin_rintf(value); }
__device__ inline float sqrtf(float value) { return __nvvm_sqrt_rn_f(value); }
__device__ inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
