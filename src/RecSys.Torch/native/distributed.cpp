// Process groups of c10d: the ranks meet at a TCP store that rank 0 serves, and then talk by Gloo or NCCL.
// Meeting and collectives stay together: both are about the state of one struct, which nothing else may see.
#include "abi.h"

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#define RST_HAS_PROCESS_GROUPS
#include <ATen/ATen.h>
#include <netdb.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

using namespace rst;

int32_t rst_process_group_has(const char* backend) {
#ifdef USE_C10D_GLOO
  if (std::string(backend) == "gloo") return 1;
#endif
#ifdef USE_C10D_NCCL
  if (std::string(backend) == "nccl") return 1;
#endif
  (void)backend;
  return 0;
}

#ifndef RST_HAS_PROCESS_GROUPS

struct rst_process_group {};

namespace {
rst_status missing(const char* backend) {
  return guard([&] {
    TORCH_CHECK(std::string(backend) != "nccl", "this libtorch/native library was built without NCCL");
    TORCH_CHECK(false, "this libtorch/native library was built without Gloo");
  });
}
}  // namespace

rst_status rst_process_group_create(const char*, int32_t, int32_t, int32_t, double, const char* backend, int32_t,
                                    rst_process_group**) {
  return missing(backend);
}

rst_status rst_process_group_all_reduce(rst_process_group*, const rst_tensor* const*, int32_t) { return missing(""); }

rst_status rst_process_group_broadcast(rst_process_group*, const rst_tensor* const*, int32_t, int32_t) {
  return missing("");
}

rst_status rst_process_group_all_to_all(rst_process_group*, const rst_tensor*, const rst_tensor*, const int64_t*,
                                        const int64_t*) {
  return missing("");
}

rst_status rst_process_group_barrier(rst_process_group*) { return missing(""); }

void rst_process_group_free(rst_process_group*) {}

#else

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Works = std::vector<c10::intrusive_ptr<c10d::Work>>;

// What implements the collectives is a backend since libtorch 2.0, where a process group holds backends.
#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

}  // namespace

struct rst_process_group {
  int rank;
  int size;
  milliseconds timeout;
  bool on_gpu;
  c10::Device device;
  std::string failure;
  // Freed in reverse order: the backend uses the store.
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<Backend> backend;
};

namespace {

// Text of the exception that is being handled.
std::string reason() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

std::string seconds(milliseconds time) { return c10::str(static_cast<double>(time.count()) / 1000, " s"); }

// Says everything that is to be said; other errors of the store get words about what was going on.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Rendezvous {
  std::string address;
  int rank;
  int size;
  milliseconds timeout;
  Clock::time_point deadline;

  milliseconds left() const {
    return std::max(std::chrono::duration_cast<milliseconds>(deadline - Clock::now()), milliseconds(1));
  }

  static std::string key(int rank) { return "present/" + std::to_string(rank); }
};

c10::intrusive_ptr<c10d::TCPStore> open_store(const Rendezvous& meeting, const char* host, int port) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(port);
  options.isServer = meeting.rank == 0;
  // meet() waits instead: it knows which ranks are missing.
  options.waitWorkers = false;
  while (true) {
    // Clients connect within whole seconds, rounded down.
    options.timeout = std::chrono::ceil<std::chrono::seconds>(meeting.left());
    try {
      return c10::make_intrusive<c10d::TCPStore>(host, options);
    } catch (...) {
      // A client gives up when the time left is less than the pause before its next try.
      milliseconds pause(250);
      if (meeting.rank > 0 && meeting.left() > pause) {
        std::this_thread::sleep_for(pause);
        continue;
      }
      const char* what = meeting.rank == 0 ? " cannot serve the other ranks at " : " does not reach rank 0 at ";
      throw Refusal(c10::str("rank ", meeting.rank, " of ", meeting.size, what, meeting.address, " (timeout ",
                             seconds(meeting.timeout), "): ", reason()));
    }
  }
}

// The ranks that are not there yet, from first on.
std::string absent(c10d::TCPStore& store, const Rendezvous& meeting, int first) {
  std::string list;
  for (int rank = first; rank < meeting.size; rank++) {
    if (!store.check({Rendezvous::key(rank)})) list += c10::str(list.empty() ? "" : ", ", rank);
  }
  return list;
}

// Polls: a wait of the store that timed out leaves its answer behind for the next request.
void wait_for_key(c10d::TCPStore& store, const Rendezvous& meeting, const std::string& key, int rank) {
  milliseconds pause(1);
  while (!store.check({key})) {
    if (Clock::now() >= meeting.deadline) {
      std::string ranks = absent(store, meeting, rank);
      throw Refusal(c10::str("rank ", meeting.rank, " of ", meeting.size, " waited ", seconds(meeting.timeout), " at ",
                             meeting.address, "; missing: rank ", ranks.empty() ? std::to_string(rank) : ranks));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, milliseconds(20));
  }
}

// Returns when every rank is there; all must agree on the size of the group and on the backend.
void meet(c10d::TCPStore& store, const Rendezvous& meeting, const char* backend) {
  const std::string own = Rendezvous::key(meeting.rank), terms_key = "terms";
  const std::string terms = c10::str("world size ", meeting.size, ", backend ", backend);
  if (meeting.rank == 0) store.set(terms_key, std::vector<uint8_t>(terms.begin(), terms.end()));
  store.set("hello/" + own, {1});
  // The wait for a key that is there also gives the socket a time limit: a server that hangs must not hang the checks.
  store.wait({"hello/" + own}, meeting.left());
  if (store.add("taken/" + own, 1) != 1)
    throw Refusal(c10::str("rank ", meeting.rank, " of ", meeting.size, ": another process is this rank at ", meeting.address));
  wait_for_key(store, meeting, terms_key, 0);
  auto bytes = store.get(terms_key);
  std::string given(bytes.begin(), bytes.end());
  if (given != terms)
    throw Refusal(c10::str("rank ", meeting.rank, " was started with ", terms, ", but rank 0 with ", given));
  store.set(own, {1});
  for (int rank = 0; rank < meeting.size; rank++) wait_for_key(store, meeting, Rendezvous::key(rank), rank);
}

#ifdef USE_C10D_GLOO
// Address of this machine on the way to the host. The machine's own name, libtorch's choice, is often a loopback address,
// which ranks on other machines cannot reach.
std::string local_address(const char* host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  int status = getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
  TORCH_CHECK(status == 0, "no address of '", host, "': ", gai_strerror(status));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    // Nothing is sent: connecting a datagram socket only chooses the route.
    int handle = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle < 0) continue;
    sockaddr_storage name{};
    socklen_t length = sizeof(name);
    char text[NI_MAXHOST];
    bool ok = connect(handle, at->ai_addr, at->ai_addrlen) == 0 &&
              getsockname(handle, reinterpret_cast<sockaddr*>(&name), &length) == 0 &&
              getnameinfo(reinterpret_cast<sockaddr*>(&name), length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0;
    close(handle);
    if (ok) return text;
  }
  TORCH_CHECK(false, "no network interface leads to '", host, "'");
}

c10::intrusive_ptr<Backend> open_gloo(const rst_process_group& group, const char* host, int port) {
  auto options = c10d::ProcessGroupGloo::Options::create(group.timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  options->devices.push_back(interface != nullptr && *interface != '\0'
                                 ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                 : c10d::ProcessGroupGloo::createDeviceForHostname(local_address(host, port)));
  c10::intrusive_ptr<c10d::Store> store = group.store;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, group.rank, group.size, options);
}
#endif

#ifdef USE_C10D_NCCL
c10::intrusive_ptr<Backend> open_nccl(const rst_process_group& group) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  // Its watchdog ends the process after its timeout; finish() gives up before and reports an error.
  options->timeout = group.timeout * 2 + milliseconds(60000);
  c10::intrusive_ptr<c10d::Store> store = group.store;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, group.rank, group.size, options);
}
#endif

c10::intrusive_ptr<Backend> open_backend(const rst_process_group& group, const char* host, int port) {
  if (group.on_gpu) {
#ifdef USE_C10D_NCCL
    return open_nccl(group);
#endif
  } else {
#ifdef USE_C10D_GLOO
    return open_gloo(group, host, port);
#endif
  }
  (void)host, (void)port;
  TORCH_CHECK(false, "no such backend");
}

void check_backend(const std::string& backend) {
  TORCH_CHECK(backend == "gloo" || backend == "nccl", "there is no backend '", backend, "'; valid: gloo, nccl");
  TORCH_CHECK(rst_process_group_has(backend.c_str()), "this libtorch/native library was built without ", backend == "gloo" ? "Gloo" : "NCCL");
}

// Waits until the results are there. Gloo gives up by itself when nothing moves for the timeout. NCCL's own wait only
// orders streams, so its completion is asked for.
void finish(const rst_process_group& group, const Works& works) {
  if (group.on_gpu) {
    auto deadline = Clock::now() + group.timeout;
    for (const auto& work : works) {
      while (!work->isCompleted()) {
        TORCH_CHECK(Clock::now() < deadline, "timed out after ", seconds(group.timeout));
        std::this_thread::sleep_for(std::chrono::microseconds(20));
      }
    }
  }
  for (const auto& work : works) work->wait();
}

// Runs what talks to the peers. They have lost step after an error, so that the group is of no use any more.
template <typename Body>
void communicate(rst_process_group& group, Body&& body) {
  TORCH_CHECK(group.failure.empty(), "this process group cannot be used after its error: ", group.failure);
  try {
    body();
  } catch (...) {
    group.failure = c10::str("rank ", group.rank, " of ", group.size,
                             ": a peer is gone, did something else or did not answer within ", seconds(group.timeout), ": ",
                             reason());
    throw Refusal(group.failure);
  }
}

void synchronize(const rst_process_group& group) {
  Works works;
  std::vector<at::Tensor> token;
  if (group.on_gpu) {
    token.push_back(at::zeros({1}, at::TensorOptions().device(group.device)));
    works.push_back(group.backend->allreduce(token));
  } else {
    works.push_back(group.backend->barrier());
  }
  finish(group, works);
}

std::vector<at::Tensor> borrow_all(const rst_process_group& group, const rst_tensor* const* tensors, int32_t count,
                                   bool with_empty = false) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (int32_t i = 0; i < count; i++) {
    at::Tensor tensor = borrow(tensors[i]);
    TORCH_CHECK(tensor.defined() && tensor.layout() == at::kStrided, "tensor ", i, " is not dense");
    TORCH_CHECK(!group.on_gpu || tensor.is_cuda(), "tensor ", i, " is on ", tensor.device(), "; NCCL needs cuda");
    TORCH_CHECK(!group.on_gpu || list.empty() || tensor.device() == list.front().device(), "tensor ", i, " is on ",
                tensor.device(), ", the first one on ", list.front().device());
    if (with_empty || tensor.numel() > 0) list.push_back(std::move(tensor));
  }
  return list;
}

// A tensor that is cut along its first dimension, one slice a rank.
at::Tensor slices(const rst_process_group& group, const rst_tensor* given, const int64_t* sizes, const char* name) {
  at::Tensor tensor = borrow_all(group, &given, 1, /*with_empty=*/true).front();
  TORCH_CHECK(tensor.dim() >= 1 && tensor.is_contiguous(), name, " is not contiguous, or has no dimension");
  TORCH_CHECK(group.on_gpu || tensor.is_cpu(), name, " is on ", tensor.device(), "; Gloo needs the CPU");
  int64_t sum = 0;
  for (int rank = 0; rank < group.size; rank++) {
    TORCH_CHECK(sizes[rank] >= 0, name, ": slice ", rank, " has the size ", sizes[rank]);
    sum += sizes[rank];
  }
  TORCH_CHECK(sum == tensor.size(0), name, " has ", tensor.size(0), " rows, but its slices have ", sum);
  return tensor;
}

void write(const at::Tensor& to, const at::Tensor& from) {
  // The dispatcher costs more than the bytes of a bias.
  if (to.is_cpu() && from.is_cpu() && to.is_contiguous() && from.is_contiguous()) {
    std::memcpy(to.data_ptr(), from.data_ptr(), to.nbytes());
    // Written behind autograd's back, which has to know.
    if (!to.is_inference()) to.unsafeGetTensorImpl()->bump_version();
  } else {
    to.copy_(from.reshape(to.sizes()));
  }
}

// Many tensors as one, where the backend can reach it: a message per tensor would cost a round trip each.
class Flat {
 public:
  Flat(const rst_process_group& group, std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {
    at::Device device = group.on_gpu ? tensors_.front().device() : at::Device(at::kCPU);
    in_place_ = tensors_.size() == 1 && tensors_.front().device() == device && tensors_.front().is_contiguous();
    if (in_place_) {
      bytes_ = tensors_.front().detach().view({-1}).view(at::kByte);
      return;
    }
    int64_t size = 0;
    for (const auto& tensor : tensors_) {
      offsets_.push_back(size);
      size += (static_cast<int64_t>(tensor.nbytes()) + kAlignment - 1) / kAlignment * kAlignment;
    }
    bytes_ = at::empty({size}, at::TensorOptions().dtype(at::kByte).device(device));
  }

  void pack() {
    if (in_place_) return;
    for (size_t i = 0; i < tensors_.size(); i++) write(slot(i), tensors_[i]);
  }

  void unpack() {
    if (in_place_) {
      if (!tensors_.front().is_inference()) tensors_.front().unsafeGetTensorImpl()->bump_version();
      return;
    }
    for (size_t i = 0; i < tensors_.size(); i++) write(tensors_[i], slot(i));
  }

  // Everything as elements of one type. What lies between the tensors is never read.
  std::vector<at::Tensor> view(at::ScalarType type) const { return {bytes_.view(type)}; }

 private:
  static constexpr int64_t kAlignment = 16;

  at::Tensor slot(size_t i) const {
    return bytes_.narrow(0, offsets_[i], static_cast<int64_t>(tensors_[i].nbytes())).view(tensors_[i].scalar_type());
  }

  std::vector<at::Tensor> tensors_;
  std::vector<int64_t> offsets_;
  at::Tensor bytes_;
  bool in_place_;
};

// The types that both backends add, in every version of libtorch.
void check_sum(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
    case at::kDouble:
    case at::kHalf:
    case at::kInt:
    case at::kLong:
    case at::kChar:
    case at::kByte:
      return;
    default:
      TORCH_CHECK(false, "elements of type ", type,
                  " cannot be added across ranks; valid: float32, float64, float16, int32, int64, int8, uint8");
  }
}

// One buffer for each type of elements, in the order in which they appear: the same on every rank.
std::vector<std::pair<at::ScalarType, Flat>> flatten_by_type(const rst_process_group& group,
                                                             const std::vector<at::Tensor>& tensors) {
  std::vector<std::pair<at::ScalarType, std::vector<at::Tensor>>> lists;
  for (const auto& tensor : tensors) {
    at::ScalarType type = tensor.scalar_type();
    check_sum(type);
    auto list = std::find_if(lists.begin(), lists.end(), [&](const auto& entry) { return entry.first == type; });
    if (list == lists.end()) list = lists.insert(list, {type, {}});
    list->second.push_back(tensor);
  }
  std::vector<std::pair<at::ScalarType, Flat>> flats;
  for (auto& list : lists) flats.emplace_back(list.first, Flat(group, std::move(list.second)));
  return flats;
}

}  // namespace

rst_status rst_process_group_create(const char* host, int32_t port, int32_t rank, int32_t size, double timeout,
                                    const char* backend, int32_t device, rst_process_group** result) {
  return guard([&] {
    check_backend(backend);
    TORCH_CHECK(port > 0 && port < 65536, "port ", port, " is not in 1..65535");
    TORCH_CHECK(size > 0 && rank >= 0 && rank < size, "rank ", rank, " is not in 0..", size - 1);
    milliseconds limit(std::max<int64_t>(1, static_cast<int64_t>(timeout * 1000)));
    Rendezvous meeting{c10::str(host, ":", port), rank, size, limit, Clock::now() + limit};
    const bool on_gpu = std::string(backend) == "nccl";
    std::unique_ptr<rst_process_group> group(new rst_process_group{rank, size, limit, on_gpu, to_device(device), {}, {}, {}});
    group->store = open_store(meeting, host, port);
    try {
      meet(*group->store, meeting, backend);
    } catch (const Refusal&) {
      throw;
    } catch (...) {
      throw Refusal(c10::str("rank ", rank, " of ", size, ": rank 0 at ", meeting.address,
                             " went away or stopped answering before all ranks were there (timeout ", seconds(limit),
                             "): ", reason()));
    }
    communicate(*group, [&] {
      group->backend = open_backend(*group, host, port);
      // The store must stay until every rank has its connections.
      if (!group->on_gpu) synchronize(*group);
    });
    *result = group.release();
  });
}

rst_status rst_process_group_all_reduce(rst_process_group* group, const rst_tensor* const* tensors, int32_t count) {
  return guard([&] {
    at::NoGradGuard no_grad;
    auto list = borrow_all(*group, tensors, count);
    auto flats = flatten_by_type(*group, list);
    communicate(*group, [&] {
      Works works;
      for (auto& [type, flat] : flats) {
        flat.pack();
        auto view = flat.view(type);
        works.push_back(group->backend->allreduce(view));
      }
      finish(*group, works);
    });
    for (auto& entry : flats) entry.second.unpack();
  });
}

rst_status rst_process_group_broadcast(rst_process_group* group, const rst_tensor* const* tensors, int32_t count,
                                       int32_t root) {
  return guard([&] {
    at::NoGradGuard no_grad;
    TORCH_CHECK(root >= 0 && root < group->size, "root ", root, " is not in 0..", group->size - 1);
    auto list = borrow_all(*group, tensors, count);
    if (list.empty()) return;
    Flat flat(*group, std::move(list));
    communicate(*group, [&] {
      if (group->rank == root) flat.pack();
      auto view = flat.view(at::kByte);
      c10d::BroadcastOptions options;
      options.rootRank = root;
      finish(*group, {group->backend->broadcast(view, options)});
    });
    if (group->rank != root) flat.unpack();
  });
}

rst_status rst_process_group_all_to_all(rst_process_group* group, const rst_tensor* to, const rst_tensor* from,
                                        const int64_t* to_sizes, const int64_t* from_sizes) {
  return guard([&] {
    at::NoGradGuard no_grad;
    at::Tensor output = slices(*group, to, to_sizes, "to"), input = slices(*group, from, from_sizes, "from");
    TORCH_CHECK(output.scalar_type() == input.scalar_type(), "to has elements of type ", output.scalar_type(), ", from of type ",
                input.scalar_type());
    TORCH_CHECK(output.sizes().slice(1) == input.sizes().slice(1), "to is ", output.sizes(), " and from is ", input.sizes(),
                ", which differ in more than the first size");
    // Bytes go through every backend, whatever the elements are.
    int64_t width = output.element_size();
    for (int64_t size : output.sizes().slice(1)) width *= size;
    auto bytes = [&](const at::Tensor& tensor) { return tensor.detach().view({-1}).view(at::kByte); };
    auto scaled = [&](const int64_t* sizes) {
      std::vector<int64_t> list(sizes, sizes + group->size);
      for (int64_t& size : list) size *= width;
      return list;
    };
    at::Tensor received = bytes(output), sent = bytes(input);
    auto received_sizes = scaled(to_sizes), sent_sizes = scaled(from_sizes);
    communicate(*group, [&] { finish(*group, {group->backend->alltoall_base(received, sent, received_sizes, sent_sizes)}); });
    if (!output.is_inference()) output.unsafeGetTensorImpl()->bump_version();
  });
}

rst_status rst_process_group_barrier(rst_process_group* group) {
  return guard([&] { communicate(*group, [&] { synchronize(*group); }); });
}

void rst_process_group_free(rst_process_group* group) {
  guard([&] { delete group; });
}

#endif
