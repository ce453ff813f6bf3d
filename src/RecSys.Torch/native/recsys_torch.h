/* The whole C interface between RecSys.Torch and libtorch. Fallible calls return a status and leave a text for
   rst_last_error() in the calling thread. No C++ type and no exception crosses this line. */
#ifndef RECSYS_TORCH_H
#define RECSYS_TORCH_H

#include <stdint.h>

#define RST_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t rst_status; /* 0: fine; anything else: see rst_last_error() */

/* An owned reference to a tensor; give it back with rst_tensor_free(). */
typedef struct rst_tensor rst_tensor;

/* An operator of the dispatcher; found once, kept for the life of the process. */
typedef struct rst_operator rst_operator;

enum rst_kind {
  RST_NONE = 0,
  RST_TENSOR = 1,           /* pointer: rst_tensor* */
  RST_INT = 2,              /* integer; also data types (number of c10::ScalarType) */
  RST_DOUBLE = 3,           /* number */
  RST_BOOL = 4,             /* integer: 0 or 1 */
  RST_STRING = 5,           /* pointer: UTF-8, count bytes */
  RST_DEVICE = 6,           /* integer: type * 256 + index, index 255 for "current" */
  RST_TENSORS = 7,          /* pointer: rst_tensor*[count] */
  RST_OPTIONAL_TENSORS = 8, /* pointer: rst_tensor*[count], null for none */
  RST_INTS = 9,             /* pointer: int64_t[count] */
  RST_DOUBLES = 10,         /* pointer: double[count] */
  RST_SCALARS = 11          /* pointer: double[count], for operators that take a list of Scalar */
};

/* A tagged value: argument or result of an operator. */
typedef struct rst_value {
  int32_t kind;
  int32_t count;
  union {
    int64_t integer;
    double number;
    const void* pointer;
  };
} rst_value;

typedef struct rst_tensor_info {
  int64_t element_count;
  int32_t dimension_count;
  int32_t dtype;
  int32_t device; /* as RST_DEVICE */
  uint8_t requires_grad;
  uint8_t is_contiguous;
  uint8_t is_leaf;
  uint8_t element_size;
} rst_tensor_info;

/* A rank's membership in a group of processes; freed with rst_process_group_free(). One thread at a time. */
typedef struct rst_process_group rst_process_group;

/* Text of the last failed call of this thread; valid until its next failed call. */
RST_API const char* rst_last_error(void);

/* tensor.cpp */

/* New contiguous CPU tensor; copies data, or leaves the elements uninitialised when data is null. */
RST_API rst_status rst_tensor_create(const void* data, const int64_t* sizes, int32_t dimension_count, int32_t dtype,
                                     rst_tensor** result);
RST_API void rst_tensor_free(rst_tensor* tensor);
RST_API rst_status rst_tensor_get_info(const rst_tensor* tensor, rst_tensor_info* info);
/* Writes dimension_count sizes. */
RST_API rst_status rst_tensor_get_sizes(const rst_tensor* tensor, int64_t* sizes);
/* Address of the first element of a contiguous CPU tensor. */
RST_API rst_status rst_tensor_get_data(const rst_tensor* tensor, void** data);
/* The only element, as RST_INT, RST_DOUBLE or RST_BOOL. */
RST_API rst_status rst_tensor_get_item(const rst_tensor* tensor, rst_value* value);
/* Tensors handed out and not yet given back. */
RST_API int64_t rst_tensor_live_count(void);

/* dispatch.cpp */

RST_API rst_status rst_operator_find(const char* name, const char* overload, rst_operator** result);
/* Calls an operator through the dispatcher, autograd included. Missing trailing arguments get the schema's defaults.
   Up to capacity results are written (0: results are dropped, as for in-place operators); tensors among them are owned
   by the caller. The array of an RST_TENSORS result is valid until the thread's next call. */
RST_API rst_status rst_operator_call(const rst_operator* op, const rst_value* arguments, int32_t argument_count,
                                     rst_value* results, int32_t capacity, int32_t* result_count);

/* autograd.cpp */

/* Gradients of the leaves; gradient may be null for a tensor of one element. */
RST_API rst_status rst_backward(const rst_tensor* tensor, const rst_tensor* gradient, int32_t retain_graph);
/* Gradients of sum(outputs) with respect to inputs; null where an input was not used. */
RST_API rst_status rst_grad(const rst_tensor* const* outputs, int32_t output_count, const rst_tensor* const* inputs,
                            int32_t input_count, int32_t retain_graph, int32_t create_graph, rst_tensor** gradients);
RST_API rst_status rst_set_requires_grad(const rst_tensor* tensor, int32_t requires_grad);
/* Accumulated gradients of several leaves; null where there is none. */
RST_API rst_status rst_get_gradients(const rst_tensor* const* tensors, int32_t count, rst_tensor** gradients);
/* Replaces the gradient; null removes it. */
RST_API rst_status rst_set_gradient(const rst_tensor* tensor, const rst_tensor* gradient);
/* Removes (set_to_none) or zeroes the gradients of several leaves. */
RST_API rst_status rst_clear_gradients(const rst_tensor* const* tensors, int32_t count, int32_t set_to_none);
RST_API int32_t rst_get_grad_enabled(void);
RST_API void rst_set_grad_enabled(int32_t enabled);
/* Switches autocast of a device type (0 CPU, 1 CUDA) for this thread; leaving the outermost region drops cached casts. */
RST_API rst_status rst_autocast_enter(int32_t device_type, int32_t dtype, int32_t* previous_enabled,
                                      int32_t* previous_dtype);
RST_API rst_status rst_autocast_leave(int32_t device_type, int32_t previous_enabled, int32_t previous_dtype);

/* runtime.cpp */

RST_API rst_status rst_manual_seed(uint64_t seed);
/* State of the device's default generator as a tensor of bytes. */
RST_API rst_status rst_get_rng_state(int32_t device, rst_tensor** state);
RST_API rst_status rst_set_rng_state(int32_t device, const rst_tensor* state);
RST_API int32_t rst_get_num_threads(void);
RST_API rst_status rst_set_num_threads(int32_t count);
RST_API int32_t rst_cuda_device_count(void);
RST_API rst_status rst_cuda_synchronize(void);
/* Bytes of a GPU (device as RST_DEVICE) that are free, and all of them. */
RST_API rst_status rst_cuda_memory(int32_t device, int64_t* free, int64_t* total);
RST_API const char* rst_libtorch_version(void);
/* Core that OpenBLAS chose its kernels for; null when another BLAS is loaded. */
RST_API const char* rst_openblas_core(void);
/* Bytes of very large CPU tensors: in use, kept for the next ones, and the most that were once in use together. */
RST_API void rst_large_block_counts(int64_t* used, int64_t* kept, int64_t* peak);

/* bounds.cpp: what the memory allows; seconds are those of the slowest of thread_count threads that start together. */

/* Copies whole cache lines of byte_count bytes; bypass_cache: with streaming stores, to an aligned place. */
RST_API rst_status rst_bound_copy(void* to, const void* from, int64_t byte_count, int32_t bypass_cache, int32_t thread_count,
                                  double* seconds);
/* Reads rows of row_bytes bytes; memory is asked for distance rows ahead. */
RST_API rst_status rst_bound_read(const void* table, int64_t row_bytes, const int64_t* rows, int64_t count, int64_t distance,
                                  int32_t thread_count, double* seconds);
/* The same, and copies them to [count, row_bytes]. */
RST_API rst_status rst_bound_gather(void* to, const void* table, int64_t row_bytes, const int64_t* rows, int64_t count,
                                    int64_t distance, int32_t thread_count, double* seconds);
/* Reads and writes rows and their states (sizes in bytes, multiples of 4; states may be empty), adding gradients
   [count, row_bytes] or, when they are null, zero. */
RST_API rst_status rst_bound_update(void* table, int64_t row_bytes, void* states, int64_t state_bytes, const void* gradients,
                                    const int64_t* rows, int64_t count, int64_t distance, int32_t thread_count,
                                    double* seconds);

/* distributed.cpp: collectives. Every rank makes the same calls in the same order, with tensors of the same shapes and
   types. A peer that is gone, or silent for the timeout, is an error, and the group can then only be freed. */

/* Whether this library was built with a backend: "gloo" (CPU; tensors elsewhere go through the CPU) or "nccl" (tensors of one
   GPU). */
RST_API int32_t rst_process_group_has(const char* backend);
/* Waits until all ranks are there; rank 0 serves host:port. timeout: seconds, for this and for every later call. device: the
   GPU of this rank, for nccl. */
RST_API rst_status rst_process_group_create(const char* host, int32_t port, int32_t rank, int32_t size, double timeout,
                                            const char* backend, int32_t device, rst_process_group** result);
/* Replaces each tensor by its sum over the ranks; one message per element type. */
RST_API rst_status rst_process_group_all_reduce(rst_process_group* group, const rst_tensor* const* tensors, int32_t count);
/* Replaces each tensor by that of the rank root; one message for all. */
RST_API rst_status rst_process_group_broadcast(rst_process_group* group, const rst_tensor* const* tensors, int32_t count,
                                               int32_t root);
/* Sends slice r of from's first dimension to rank r, and puts what rank r has sent here into slice r of to. Both are contiguous
   and of one type and row shape; the sizes of the slices, one per rank, add up to the first dimension. */
RST_API rst_status rst_process_group_all_to_all(rst_process_group* group, const rst_tensor* to, const rst_tensor* from,
                                                const int64_t* to_sizes, const int64_t* from_sizes);
/* Returns when every rank has come here. */
RST_API rst_status rst_process_group_barrier(rst_process_group* group);
RST_API void rst_process_group_free(rst_process_group* group);

#ifdef __cplusplus
}
#endif

#endif
