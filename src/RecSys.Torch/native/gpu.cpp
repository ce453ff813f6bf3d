#include "gpu.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <dlfcn.h>
#include <glob.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "abi.h"

namespace rst {
// row_kernels.cuh as text, made by CMake.
extern const char* const row_kernels_source;
}  // namespace rst

namespace {

// The part of the driver's and the compiler's interfaces that is used here; both are stable C.
using CUresult = int;
using CUdevice = int;
using CUcontext = void*;
using CUmodule = void*;
using CUfunction = void*;
using nvrtcProgram = void*;

// Code for the oldest GPUs with everything the kernels use; the driver translates it for the one that is there.
constexpr const char* kArchitecture = "--gpu-architecture=compute_80";
constexpr unsigned kThreadsPerBlock = 256;

template <typename Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  TORCH_CHECK(function != nullptr, "no ", name, " in the library that should have it");
}

// Where pip puts what torch needs: beside the folder of libtorch, in folders of their own. Archives of libtorch have it in lib/.
std::vector<std::string> compiler_paths() {
  std::vector<std::string> paths = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"};
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(static_cast<at::Tensor (*)(const at::Tensor&)>(&at::relu)), &info) == 0 || info.dli_fname == nullptr) return paths;
  const std::string file = info.dli_fname;
  const std::string folder = file.substr(0, file.find_last_of('/') + 1);
  for (const char* pattern : {"libnvrtc*.so*", "../../nvidia/*/lib/libnvrtc.so*"}) {
    glob_t found;
    if (glob((folder + pattern).c_str(), 0, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; i++) {
        if (std::string(found.gl_pathv[i]).find("builtins") == std::string::npos) paths.emplace_back(found.gl_pathv[i]);
      }
    }

    globfree(&found);
  }

  return paths;
}

struct Compiler {
  int (*create)(nvrtcProgram*, const char*, const char*, int, const char* const*, const char* const*);
  int (*compile)(nvrtcProgram, int, const char* const*);
  int (*code_size)(nvrtcProgram, size_t*);
  int (*code)(nvrtcProgram, char*);
  int (*log_size)(nvrtcProgram, size_t*);
  int (*log)(nvrtcProgram, char*);

  Compiler() {
    void* library = nullptr;
    for (const std::string& path : compiler_paths()) {
      if ((library = dlopen(path.c_str(), RTLD_NOW)) != nullptr) break;
    }

    TORCH_CHECK(library != nullptr, "libnvrtc, CUDA's run-time compiler, was not found; it comes with pip's torch (nvidia-cuda-nvrtc), with libtorch's archives and with CUDA");
    find(library, "nvrtcCreateProgram", create);
    find(library, "nvrtcCompileProgram", compile);
    find(library, "nvrtcGetPTXSize", code_size);
    find(library, "nvrtcGetPTX", code);
    find(library, "nvrtcGetProgramLogSize", log_size);
    find(library, "nvrtcGetProgramLog", log);
  }

  std::string translate(const char* source) const {
    nvrtcProgram program;
    TORCH_CHECK(create(&program, source, "row_kernels.cuh", 0, nullptr, nullptr) == 0, "nvrtcCreateProgram failed");
    const char* options[] = {kArchitecture, "--std=c++17"};
    const int status = compile(program, 2, options);
    size_t size = 0;
    if (status != 0) {
      log_size(program, &size);
      std::string text(size, ' ');
      log(program, text.data());
      TORCH_CHECK(false, "the kernels of embedding rows were not compiled: ", text);
    }

    TORCH_CHECK(code_size(program, &size) == 0, "nvrtcGetPTXSize failed");
    std::string result(size, ' ');
    TORCH_CHECK(code(program, result.data()) == 0, "nvrtcGetPTX failed");
    return result;
  }
};

struct Driver {
  CUresult (*initialize)(unsigned);
  CUresult (*device)(CUdevice*, int);
  CUresult (*context)(CUcontext*, CUdevice);
  CUresult (*enter)(CUcontext);
  CUresult (*load)(CUmodule*, const void*);
  CUresult (*function)(CUfunction*, CUmodule, const char*);
  CUresult (*launch)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
  CUresult (*memory)(size_t*, size_t*);
  CUresult (*text)(CUresult, const char**);

  Driver() {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    TORCH_CHECK(library != nullptr, "libcuda.so.1, the driver of NVIDIA GPUs, was not found: ", dlerror());
    find(library, "cuInit", initialize);
    find(library, "cuDeviceGet", device);
    find(library, "cuDevicePrimaryCtxRetain", context);
    find(library, "cuCtxSetCurrent", enter);
    find(library, "cuModuleLoadData", load);
    find(library, "cuModuleGetFunction", function);
    find(library, "cuLaunchKernel", launch);
    find(library, "cuMemGetInfo_v2", memory);
    find(library, "cuGetErrorString", text);
    check(initialize(0), "cuInit");
  }

  void check(CUresult result, const char* call) const {
    if (result == 0) return;
    const char* reason = nullptr;
    text(result, &reason);
    TORCH_CHECK(false, call, ": ", reason == nullptr ? "an error without a name" : reason);
  }
};

const Driver& driver() {
  static const Driver instance;
  return instance;
}

// Makes a device's primary context, which libtorch uses too, that of this thread.
void enter(c10::DeviceIndex index) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, CUcontext> contexts;
  CUcontext found;
  {
    std::lock_guard<std::mutex> lock(mutex);
    CUcontext& context = contexts[index];
    if (context == nullptr) {
      CUdevice device;
      driver().check(driver().device(&device, index), "cuDeviceGet");
      driver().check(driver().context(&context, device), "cuDevicePrimaryCtxRetain");
    }

    found = context;
  }

  driver().check(driver().enter(found), "cuCtxSetCurrent");
}

// Kernels that have been loaded, by device.
class Kernels {
 public:
  CUfunction find(const char* name, c10::DeviceIndex device) {
    std::lock_guard<std::mutex> lock(mutex_);
    CUfunction& function = functions_[{device, name}];
    if (function == nullptr) driver().check(driver().function(&function, module_of(device), name), "cuModuleGetFunction");
    return function;
  }

 private:
  CUmodule module_of(c10::DeviceIndex device) {
    CUmodule& module = modules_[device];
    if (module == nullptr) {
      if (code_.empty()) code_ = Compiler().translate(rst::row_kernels_source);
      driver().check(driver().load(&module, code_.c_str()), "cuModuleLoadData");
    }

    return module;
  }

  std::mutex mutex_;
  std::string code_;
  std::map<c10::DeviceIndex, CUmodule> modules_;
  std::map<std::pair<c10::DeviceIndex, std::string>, CUfunction> functions_;
};

}  // namespace

namespace rst {

void launch(const char* kernel, c10::Device device, int64_t thread_count, void** arguments) {
  static Kernels kernels;
  if (thread_count == 0) return;
  const c10::DeviceGuard guard(device);
  enter(device.index());
  CUfunction function = kernels.find(kernel, device.index());
  const auto blocks = static_cast<unsigned>((thread_count + kThreadsPerBlock - 1) / kThreadsPerBlock);
  // The null stream: libtorch's too, as long as nobody chooses another one, which nothing here does.
  driver().check(driver().launch(function, blocks, 1, 1, kThreadsPerBlock, 1, 1, 0, nullptr, arguments, nullptr), kernel);
}

void memory_of(c10::Device device, int64_t* free, int64_t* total) {
  const c10::DeviceGuard guard(device);
  enter(guard.current_device().index());
  size_t free_bytes = 0, total_bytes = 0;
  driver().check(driver().memory(&free_bytes, &total_bytes), "cuMemGetInfo");
  *free = static_cast<int64_t>(free_bytes);
  *total = static_cast<int64_t>(total_bytes);
}

}  // namespace rst

rst_status rst_cuda_memory(int32_t device, int64_t* free, int64_t* total) {
  return rst::guard([&] { rst::memory_of(rst::to_device(device), free, total); });
}
