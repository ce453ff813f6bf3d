// What the memory of this machine allows: the least work that touches the same memory as a look-up or an update. Kernels are
// measured against these loops in the same run. libtorch takes no part in it.
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "abi.h"

// The loops are compiled once for each instruction set and chosen when the library is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RST_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RST_CLONES
#endif

using namespace rst;

namespace {

using Clock = std::chrono::steady_clock;
using Lanes = uint32_t __attribute__((vector_size(32)));

constexpr int64_t kLine = 64;

// A result that is stored here has to be computed; a zero that is read here is not known to the compiler.
volatile uint32_t sink;
volatile uint32_t unknown_zero = 0;

// Seconds from the first start to the last end; all threads wait for each other before they start.
template <typename Body>
double run(int32_t thread_count, Body&& body) {
  std::atomic<int32_t> missing{thread_count};
  std::vector<Clock::time_point> starts(thread_count), ends(thread_count);
  auto work = [&](int32_t thread) {
    missing.fetch_sub(1);
    while (missing.load() > 0) std::this_thread::yield();
    starts[thread] = Clock::now();
    body(thread);
    ends[thread] = Clock::now();
  };
  std::vector<std::thread> threads;
  for (int32_t thread = 1; thread < thread_count; thread++) threads.emplace_back(work, thread);
  work(0);
  for (auto& thread : threads) thread.join();
  auto start = starts[0], end = ends[0];
  for (int32_t thread = 1; thread < thread_count; thread++) {
    if (starts[thread] < start) start = starts[thread];
    if (ends[thread] > end) end = ends[thread];
  }
  return std::chrono::duration<double>(end - start).count();
}

// The last line without a branch: whether a row of other sizes than a line crosses one cannot be predicted.
inline void prefetch(const char* row, int64_t byte_count) {
  const char* last = row + byte_count - 1;
  for (const char* line = row; line < last; line += kLine) __builtin_prefetch(line);
  __builtin_prefetch(last);
}

RST_CLONES void read_rows(const char* table, int64_t row_bytes, const int64_t* rows, int64_t count, int64_t distance) {
  Lanes sums = {};
  uint64_t rest = 0;
  for (int64_t i = 0; i < count; i++) {
    if (i + distance < count) prefetch(table + rows[i + distance] * row_bytes, row_bytes);
    const char* row = table + rows[i] * row_bytes;
    int64_t k = 0;
    for (; k + static_cast<int64_t>(sizeof(Lanes)) <= row_bytes; k += sizeof(Lanes)) {
      Lanes lanes;
      std::memcpy(&lanes, row + k, sizeof lanes);
      sums += lanes;
    }
    for (; k + 8 <= row_bytes; k += 8) {
      uint64_t word;
      std::memcpy(&word, row + k, sizeof word);
      rest += word;
    }
    for (; k < row_bytes; k++) rest += static_cast<unsigned char>(row[k]);
  }
  sink = sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7] + static_cast<uint32_t>(rest);
}

RST_CLONES void gather_rows(char* to, const char* table, int64_t row_bytes, const int64_t* rows, int64_t count, int64_t distance) {
  for (int64_t i = 0; i < count; i++, to += row_bytes) {
    if (i + distance < count) prefetch(table + rows[i + distance] * row_bytes, row_bytes);
    const char* row = table + rows[i] * row_bytes;
    int64_t k = 0;
    for (; k + static_cast<int64_t>(sizeof(Lanes)) <= row_bytes; k += sizeof(Lanes)) {
      Lanes lanes;
      std::memcpy(&lanes, row + k, sizeof lanes);
      std::memcpy(to + k, &lanes, sizeof lanes);
    }
    for (; k < row_bytes; k++) to[k] = row[k];
  }
}

// memory += numbers, or += zero without numbers. Integers: no number is slow to add, whatever the memory holds.
template <bool HasNumbers>
inline void add(char* memory, const char* numbers, int64_t byte_count, uint32_t zero) {
  int64_t k = 0;
  for (; k + static_cast<int64_t>(sizeof(Lanes)) <= byte_count; k += sizeof(Lanes)) {
    Lanes lanes, other = Lanes{} + zero;
    std::memcpy(&lanes, memory + k, sizeof lanes);
    if (HasNumbers) std::memcpy(&other, numbers + k, sizeof other);
    lanes += other;
    std::memcpy(memory + k, &lanes, sizeof lanes);
  }
  for (; k < byte_count; k += 4) {
    uint32_t word, other = zero;
    std::memcpy(&word, memory + k, sizeof word);
    if (HasNumbers) std::memcpy(&other, numbers + k, sizeof other);
    word += other;
    std::memcpy(memory + k, &word, sizeof word);
  }
}

// One loop for each combination, so that no row asks again what is there.
template <bool HasStates, bool HasGradients>
inline void update(char* table, int64_t row_bytes, char* states, int64_t state_bytes, const char* gradients, const int64_t* rows,
                   int64_t count, int64_t distance) {
  uint32_t zero = unknown_zero;
  for (int64_t i = 0; i < count; i++) {
    if (i + distance < count) {
      int64_t next = rows[i + distance];
      prefetch(table + next * row_bytes, row_bytes);
      if (HasStates) prefetch(states + next * state_bytes, state_bytes);
    }
    add<HasGradients>(table + rows[i] * row_bytes, gradients + (HasGradients ? i * row_bytes : 0), row_bytes, zero);
    if (HasStates) add<false>(states + rows[i] * state_bytes, nullptr, state_bytes, zero);
  }
}

RST_CLONES void update_rows(char* table, int64_t row_bytes, char* states, int64_t state_bytes, const char* gradients,
                            const int64_t* rows, int64_t count, int64_t distance) {
  if (state_bytes > 0 && gradients != nullptr)
    update<true, true>(table, row_bytes, states, state_bytes, gradients, rows, count, distance);
  else if (state_bytes > 0)
    update<true, false>(table, row_bytes, states, state_bytes, gradients, rows, count, distance);
  else if (gradients != nullptr)
    update<false, true>(table, row_bytes, states, state_bytes, gradients, rows, count, distance);
  else
    update<false, false>(table, row_bytes, states, state_bytes, gradients, rows, count, distance);
}

void copy(char* to, const char* from, int64_t byte_count, bool bypass_cache) {
#if defined(__SSE2__)
  if (bypass_cache) {
    for (int64_t k = 0; k + 16 <= byte_count; k += 16)
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + k), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k)));
    _mm_sfence();
    return;
  }
#else
  (void)bypass_cache;
#endif
  std::memcpy(to, from, byte_count);
}

}  // namespace

rst_status rst_bound_copy(void* to, const void* from, int64_t byte_count, int32_t bypass_cache, int32_t thread_count, double* seconds) {
  return guard([&] {
    // Parts of whole cache lines: streaming stores need an aligned place.
    int64_t part = byte_count / thread_count / kLine * kLine;
    *seconds = run(thread_count, [&](int32_t thread) {
      copy(static_cast<char*>(to) + thread * part, static_cast<const char*>(from) + thread * part, part, bypass_cache != 0);
    });
  });
}

rst_status rst_bound_read(const void* table, int64_t row_bytes, const int64_t* rows, int64_t count, int64_t distance,
                          int32_t thread_count, double* seconds) {
  return guard([&] {
    *seconds = run(thread_count, [&](int32_t thread) {
      int64_t first = count * thread / thread_count, end = count * (thread + 1) / thread_count;
      read_rows(static_cast<const char*>(table), row_bytes, rows + first, end - first, distance);
    });
  });
}

rst_status rst_bound_gather(void* to, const void* table, int64_t row_bytes, const int64_t* rows, int64_t count, int64_t distance,
                            int32_t thread_count, double* seconds) {
  return guard([&] {
    *seconds = run(thread_count, [&](int32_t thread) {
      int64_t first = count * thread / thread_count, end = count * (thread + 1) / thread_count;
      gather_rows(static_cast<char*>(to) + first * row_bytes, static_cast<const char*>(table), row_bytes, rows + first, end - first, distance);
    });
  });
}

rst_status rst_bound_update(void* table, int64_t row_bytes, void* states, int64_t state_bytes, const void* gradients,
                            const int64_t* rows, int64_t count, int64_t distance, int32_t thread_count, double* seconds) {
  return guard([&] {
    *seconds = run(thread_count, [&](int32_t thread) {
      int64_t first = count * thread / thread_count, end = count * (thread + 1) / thread_count;
      const char* numbers = gradients == nullptr ? nullptr : static_cast<const char*>(gradients) + first * row_bytes;
      update_rows(static_cast<char*>(table), row_bytes, static_cast<char*>(states), state_bytes, numbers, rows + first, end - first, distance);
    });
  });
}
