// Keeps the memory of very large CPU tensors for the next ones. The C library maps blocks above 32 MiB one by one and gives them back to
// the kernel when they are freed (RuntimeSetup keeps smaller ones in its heap), so that a training step that takes the same blocks again
// waits for a page fault every 4 kB.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/version.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

#include "abi.h"

using namespace rst;

namespace {

constexpr size_t kSmallestKept = size_t{32} << 20;

// Batches differ a little in size: eight sizes from one power of two to the next fit them all, at an eighth more memory at most.
size_t rounded(size_t size) {
  size_t step = kSmallestKept / 8;
  while (step * 16 <= size) step *= 2;
  return (size + step - 1) / step * step;
}

// Blocks that are free are kept, the longest unused given back: with those in use never more than a quarter above what was once in use
// together. Without the quarter, two small blocks would make room for a large one and the other way round at every step.
class BlockCache {
 public:
  void* take(size_t size) {
    std::lock_guard<std::mutex> lock(mutex_);
    Block block = reuse(rounded(size));
    const size_t used = used_ + block.size, peak = std::max(peak_, used);
    if (block.memory == nullptr) {
      give_back(peak + peak / 4 - used);
      block.memory = allocate(block.size);
    }
    sizes_.emplace(block.memory, block.size);
    used_ = used;
    peak_ = peak;
    return block.memory;
  }

  // False when the block is not one of these.
  bool put(void* memory) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = sizes_.find(memory);
    if (found == sizes_.end()) return false;
    used_ -= found->second;
    kept_ += found->second;
    free_.push_back({memory, found->second});
    sizes_.erase(found);
    return true;
  }

  void counts(int64_t* used, int64_t* kept, int64_t* peak) {
    std::lock_guard<std::mutex> lock(mutex_);
    *used = static_cast<int64_t>(used_);
    *kept = static_cast<int64_t>(kept_);
    *peak = static_cast<int64_t>(peak_);
  }

 private:
  struct Block {
    void* memory;
    size_t size;
  };

  // The smallest that is large enough and at most a quarter too large; of several the one that was freed last, which may still be in the
  // processor's cache. No memory when there is none.
  Block reuse(size_t size) {
    auto best = free_.end();
    for (auto block = free_.begin(); block != free_.end(); ++block) {
      if (block->size >= size && block->size <= size / 4 * 5 && (best == free_.end() || block->size <= best->size)) best = block;
    }
    if (best == free_.end()) return {nullptr, size};
    Block found = *best;
    kept_ -= found.size;
    free_.erase(best);
    return found;
  }

  void* allocate(size_t size) {
    try {
      return c10::alloc_cpu(size);
    } catch (const c10::Error&) {
      if (free_.empty()) throw;
      give_back(0);
      return c10::alloc_cpu(size);
    }
  }

  void give_back(size_t most_kept) {
    while (kept_ > most_kept) {
      c10::free_cpu(free_.front().memory);
      kept_ -= free_.front().size;
      free_.pop_front();
    }
  }

  std::mutex mutex_;
  std::list<Block> free_;  // the longest unused first
  std::unordered_map<void*, size_t> sizes_;
  size_t used_ = 0, kept_ = 0, peak_ = 0;
};

// Never destroyed: tensors of static lifetime are freed after everything else.
BlockCache& blocks() {
  static auto* cache = new BlockCache;
  return *cache;
}

class CachingAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(size_t size) override { return take(size); }
  void copy_data(void* to, const void* from, size_t count) const override { std::memcpy(to, from, count); }
#else
  c10::DataPtr allocate(size_t size) const override { return take(size); }
#endif

  c10::DeleterFnPtr raw_deleter() const override { return release; }

 private:
  static c10::DataPtr take(size_t size) {
    void* memory = size > kSmallestKept ? blocks().take(size) : c10::alloc_cpu(size);
    return {memory, memory, size > kSmallestKept ? release : c10::free_cpu, c10::Device(c10::kCPU)};
  }

  static void release(void* memory) {
    if (!blocks().put(memory)) c10::free_cpu(memory);
  }
};

const bool installed = [] {
  c10::SetCPUAllocator(new CachingAllocator, 1);
  return true;
}();

}  // namespace

void rst_large_block_counts(int64_t* used, int64_t* kept, int64_t* peak) { blocks().counts(used, kept, peak); }
