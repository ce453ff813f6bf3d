// What is done to embedding rows where they lie: reading them, spreading them over the samples, adding up gradients, updating.
// One source for two compilers. On a GPU it is compiled when it is first needed, for the GPU that is there (gpu.cpp), and a group
// of lanes of a warp works on a row; in C++ it is compiled into the library, and a row is worked on by one lane. Neither needs a header.
#pragma once

#ifdef __CUDACC__
#define RST_DEVICE __device__ __forceinline__
#define RST_FLOOR floorf
#define RST_SQRT sqrtf
#define RST_POPCOUNT __popcll
#define RST_ROUND_EVEN rintf
#else
#include <cmath>
#define RST_DEVICE inline
#define RST_FLOOR std::floor
#define RST_SQRT std::sqrt
#define RST_POPCOUNT __builtin_popcountll
#define RST_ROUND_EVEN std::nearbyint
#endif

namespace rows {

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

// As RowFormat and RowScale of RecSys.Embeddings.
enum Format { kFp32, kFp16, kBf16, kInt8, kInt4, kInt2 };
enum Scale { kScaleOfRow, kScaleFixed, kScaleLearned };
enum Rule { kSgd, kAdagrad, kRowWiseAdagrad, kLazyAdam, kFtrl };

// A table: rows without gaps, the state of their optimiser, and the numbers that are kept where it has a mask.
struct Table {
  u8* rows;
  float* states;
  const u64* mask;
  const u32* mask_counts;
  i64 row_count;
  int width, row_bytes, state_width;
  int format, bits, header, scale;
  float step;
};

// What a group of lanes shares. In C++ a group is one lane.
struct Lanes {
  int lane, count;

  RST_DEVICE float sum(float value) const {
#ifdef __CUDACC__
    for (int offset = count / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(mask(), value, offset);
#endif
    return value;
  }

  RST_DEVICE float least(float value) const {
#ifdef __CUDACC__
    for (int offset = count / 2; offset > 0; offset /= 2) value = fminf(value, __shfl_xor_sync(mask(), value, offset));
#endif
    return value;
  }

#ifdef __CUDACC__
  RST_DEVICE u32 mask() const {
    const u32 own = count == 32 ? 0xffffffffu : (1u << count) - 1;
    return own << (threadIdx.x % 32 / count * count);
  }
#endif
};

RST_DEVICE float float_of(u32 bits) {
  union { u32 u; float f; } both;
  both.u = bits;
  return both.f;
}

RST_DEVICE u32 bits_of(float value) {
  union { u32 u; float f; } both;
  both.f = value;
  return both.u;
}

RST_DEVICE float smaller(float a, float b) { return a < b ? a : b; }
RST_DEVICE float larger(float a, float b) { return a > b ? a : b; }
RST_DEVICE float size_of(float a) { return a < 0 ? -a : a; }

// fp16 by its bits: neither compiler needs a type for it.
RST_DEVICE float half_value(u16 half) {
  const u32 sign = static_cast<u32>(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return float_of(sign | 0x7f800000 | fraction << 13);
  if (exponent == 0) return float_of(sign | bits_of(static_cast<float>(fraction) * (1.f / (1 << 24))));
  return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

// The fp16 with the next smaller or the same size; exact for numbers that are fp16 already.
RST_DEVICE u16 half_towards_zero(float value) {
  const float size = size_of(value);
  const u16 sign = static_cast<u16>(bits_of(value) >> 16 & 0x8000);
  if (size >= 65536.f) return sign | 0x7bff;
  if (size < 6.103515625e-05f) return sign | static_cast<u16>(size * (1 << 24));
  return sign | static_cast<u16>((bits_of(size) >> 13) - (112 << 10));
}

RST_DEVICE float half_below(float value) {
  const u16 half = half_towards_zero(value);
  return half_value(half_value(half) > value ? half + 1 : half);
}

RST_DEVICE float half_above(float value) {
  const u16 half = half_towards_zero(value);
  return half_value(half_value(half) < value ? half + 1 : half);
}

// Rows of odd sizes have numbers at odd places.
RST_DEVICE u16 read16(const u8* from) { return static_cast<u16>(from[0] | from[1] << 8); }
RST_DEVICE u32 read32(const u8* from) { return read16(from) | static_cast<u32>(read16(from + 2)) << 16; }

RST_DEVICE void write16(u8* to, u32 value) {
  to[0] = static_cast<u8>(value);
  to[1] = static_cast<u8>(value >> 8);
}

RST_DEVICE void write32(u8* to, u32 value) {
  write16(to, value);
  write16(to + 2, value >> 16);
}

struct Codes {
  float scale, offset;
};

RST_DEVICE Codes codes_of(const Table& table, const u8* row) {
  if (table.scale == kScaleOfRow) return {half_value(read16(row)), half_value(read16(row + 2))};
  const float step = table.scale == kScaleFixed ? table.step : float_of(read32(row));
  return {step, -static_cast<float>(1 << (table.bits - 1)) * step};
}

// Slots of a row: a byte of codes, which holds several numbers, or a number of its own. Number j is in slot j mod slots.
RST_DEVICE int slots_of(const Table& table) { return table.format >= kInt8 ? (table.width * table.bits + 7) / 8 : table.width; }

RST_DEVICE u32 kept_before(const Table& table, i64 place) {
  u32 count = table.mask_counts[place / 512];
  for (i64 word = place / 512 * 8; word < place / 64; word++) count += RST_POPCOUNT(table.mask[word]);
  return count + RST_POPCOUNT(table.mask[place / 64] & ((1ull << (place % 64)) - 1));
}

RST_DEVICE bool is_kept(const Table& table, i64 place) { return table.mask[place / 64] >> (place % 64) & 1; }

// Number j of a row that is not plain fp32.
RST_DEVICE float decode(const Table& table, i64 row, int j, const Codes& codes) {
  if (table.mask) {
    const i64 place = row * table.width + j;
    return is_kept(table, place) ? reinterpret_cast<const float*>(table.rows)[kept_before(table, place)] : 0.f;
  }

  const u8* numbers = table.rows + row * table.row_bytes;
  if (table.format == kFp16) return half_value(reinterpret_cast<const u16*>(numbers)[j]);
  if (table.format == kBf16) return float_of(static_cast<u32>(reinterpret_cast<const u16*>(numbers)[j]) << 16);
  const int slots = slots_of(table);
  const int code = numbers[table.header + j % slots] >> (j / slots * table.bits) & ((1 << table.bits) - 1);
  return codes.offset + codes.scale * static_cast<float>(code);
}

RST_DEVICE bool is_plain(const Table& table) { return table.format == kFp32 && !table.mask; }
RST_DEVICE bool has_codes(const Table& table) { return table.format >= kInt8; }

RST_DEVICE float* row_of(const Table& table, i64 row) { return reinterpret_cast<float*>(table.rows) + row * table.width; }

// Number j of a row of any form.
RST_DEVICE float number(const Table& table, i64 row, int j, const Codes& codes) {
  return is_plain(table) ? row_of(table, row)[j] : decode(table, row, j, codes);
}

// Four numbers at once, where all rows begin at a multiple of 16 bytes.
struct alignas(16) Four {
  float x, y, z, w;
};

RST_DEVICE Four four(const float* from) { return *reinterpret_cast<const Four*>(from); }
RST_DEVICE void set(float* to, const Four& value) { *reinterpret_cast<Four*>(to) = value; }
RST_DEVICE bool in_fours(const Table& table) { return is_plain(table) && table.width % 4 == 0; }

// Copies a row, decoded. Whether the target allows fours is the caller's knowledge.
RST_DEVICE void copy_row(const Table& table, i64 row, float* to, bool fours, const Lanes& lanes) {
  if (fours && in_fours(table)) {
    const float* from = row_of(table, row);
    for (int j = 4 * lanes.lane; j < table.width; j += 4 * lanes.count) set(to + j, four(from + j));
    return;
  }

  if (is_plain(table)) {
    const float* from = row_of(table, row);
    for (int j = lanes.lane; j < table.width; j += lanes.count) to[j] = from[j];
    return;
  }

  const Codes codes = has_codes(table) ? codes_of(table, table.rows + row * table.row_bytes) : Codes{0, 0};
  for (int j = lanes.lane; j < table.width; j += lanes.count) to[j] = decode(table, row, j, codes);
}

// RowRounding of RecSys.Embeddings: what is added before rounding down.
struct Rounding {
  u64 salt;
  int stochastic;

  static RST_DEVICE u64 mix(u64 value) {
    value += 0x9E3779B97F4A7C15ull;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ull;
    value = (value ^ value >> 27) * 0x94D049BB133111EBull;
    return value ^ value >> 31;
  }

  RST_DEVICE Rounding of_row(i64 number) const { return {mix(salt + static_cast<u64>(number)), stochastic}; }
  RST_DEVICE u32 random(int column) const { return static_cast<u32>(mix(salt + static_cast<u64>(column >> 1)) >> ((column & 1) * 32)); }
  RST_DEVICE float share(int column) const { return stochastic ? (random(column) >> 8) * (1.f / (1 << 24)) : 0.5f; }
  RST_DEVICE u32 share_of_bits(int column, int count) const { return stochastic ? random(column) >> (32 - count) : 1u << (count - 1); }
};

RST_DEVICE bool is_finite(float value) { return (bits_of(value) & 0x7f800000) != 0x7f800000; }

RST_DEVICE float cut(float value, u32 share, int bits) {
  return is_finite(value) ? float_of((bits_of(value) + share) >> bits << bits) : value;
}

RST_DEVICE u16 to_half(float value, const Rounding& rounding, int column) {
  const float size = smaller(size_of(value), 65504.f);
  const float rounded = size < 6.103515625e-05f ? RST_FLOOR(size * (1 << 24) + rounding.share(column)) / (1 << 24)
                                                : cut(size, rounding.share_of_bits(column, 13), 13);
  return half_towards_zero(smaller(rounded, 65504.f)) | static_cast<u16>(bits_of(value) >> 16 & 0x8000);
}

RST_DEVICE u16 to_upper_half(float value, const Rounding& rounding, int column) {
  return static_cast<u16>(bits_of(cut(value, rounding.share_of_bits(column, 16), 16)) >> 16);
}

// The rule of an optimiser at one step. Numbers: sgd and both adagrads rate, epsilon; lazy_adam rate, 1 - beta1, 1 - beta2, epsilon;
// ftrl alpha, beta, l1, l2.
struct Update {
  int rule;
  float numbers[4];
  float l2;
  float step_rate;
  Rounding rounding;
  // Numbers of the table's rows in the whole table: first + row_number * stride.
  i64 first, stride;
};

// One number: its new value. State lies width apart.
RST_DEVICE float step_number(const Update& update, float value, float gradient, float* state, int width) {
  const float* n = update.numbers;
  switch (update.rule) {
    case kSgd:
      return value - n[0] * gradient;
    case kAdagrad: {
      const float sum = state[0] + gradient * gradient;
      state[0] = sum;
      return value - n[0] * gradient / (RST_SQRT(sum) + n[1]);
    }
    case kLazyAdam: {
      const float first = state[0] + n[1] * (gradient - state[0]);
      const float second = state[width] + n[2] * (gradient * gradient - state[width]);
      state[0] = first;
      state[width] = second;
      return value - n[0] * first / (RST_SQRT(second) + n[3]);
    }
    default: {
      const float sum = state[0] + gradient * gradient;
      const float scale = (n[1] + RST_SQRT(sum)) / n[0] + n[3];
      const float z = state[width] + gradient - scale * value;
      const float kept = larger(-n[2], smaller(n[2], z));
      state[0] = sum;
      state[width] = kept;
      return (kept - z) / scale;
    }
  }
}

// Row-wise Adagrad: the step that all numbers of the row take times their gradient.
RST_DEVICE float step_of_row(const Update& update, float squares, int width, float* state, const Lanes& lanes) {
  const float sum = state[0] + squares * (1.f / static_cast<float>(width));
#ifdef __CUDACC__
  __syncwarp(lanes.mask());
#endif
  if (lanes.lane == 0) state[0] = sum;
  return update.numbers[0] / (RST_SQRT(sum) + update.numbers[1]);
}

// Rows of fp32 in fours.
RST_DEVICE void update_fours(const Table& table, i64 row, const float* gradient, const Update& update, const Lanes& lanes) {
  float* values = row_of(table, row);
  float* state = table.states + row * table.state_width;
  const float l2 = update.l2;
  if (update.rule == kRowWiseAdagrad) {
    float squares = 0;
    for (int j = 4 * lanes.lane; j < table.width; j += 4 * lanes.count) {
      const Four w = four(values + j), g = four(gradient + j);
      const float x = g.x + l2 * w.x, y = g.y + l2 * w.y, z = g.z + l2 * w.z, u = g.w + l2 * w.w;
      squares += x * x + y * y + z * z + u * u;
    }

    const float step = step_of_row(update, lanes.sum(squares), table.width, state, lanes);
    for (int j = 4 * lanes.lane; j < table.width; j += 4 * lanes.count) {
      const Four w = four(values + j), g = four(gradient + j);
      set(values + j, {w.x - step * (g.x + l2 * w.x), w.y - step * (g.y + l2 * w.y), w.z - step * (g.z + l2 * w.z), w.w - step * (g.w + l2 * w.w)});
    }

    return;
  }

  for (int j = 4 * lanes.lane; j < table.width; j += 4 * lanes.count) {
    const Four w = four(values + j), g = four(gradient + j);
    set(values + j, {step_number(update, w.x, g.x + l2 * w.x, state + j, table.width),
                     step_number(update, w.y, g.y + l2 * w.y, state + j + 1, table.width),
                     step_number(update, w.z, g.z + l2 * w.z, state + j + 2, table.width),
                     step_number(update, w.w, g.w + l2 * w.w, state + j + 3, table.width)});
  }
}

// Esser et al., "Learned Step Size Quantization", ICLR 2020: how the rounded number follows its step.
RST_DEVICE float step_slope(float value, float step, int bits) {
  const float lowest = -static_cast<float>(1 << (bits - 1)), highest = -lowest - 1, place = value / step;
  return place <= lowest ? lowest : place >= highest ? highest : RST_ROUND_EVEN(place) - place;
}

RST_DEVICE void write_codes(const Table& table, i64 row, const float* values, Codes codes, const Rounding& rounding, const Lanes& lanes) {
  u8* to = table.rows + row * table.row_bytes + table.header;
  const int slots = slots_of(table);
  const float largest = static_cast<float>((1 << table.bits) - 1), per_unit = codes.scale > 0 ? 1 / codes.scale : 0;
  for (int slot = lanes.lane; slot < slots; slot += lanes.count) {
    int byte = 0;
    for (int j = slot, shift = 0; j < table.width; j += slots, shift += table.bits) {
      const float code = RST_FLOOR((values[j] - codes.offset) * per_unit + rounding.share(j));
      byte |= static_cast<int>(larger(0.f, smaller(largest, code))) << shift;
    }

    to[slot] = static_cast<u8>(byte);
  }
}

// A row of any form; row_number: the one it has in the table. The gradient is overwritten by the new values. Every number belongs to one lane throughout.
RST_DEVICE void update_row(const Table& table, i64 row, i64 row_number, float* gradient, const Update& update, const Lanes& lanes) {
  if (in_fours(table)) {
    update_fours(table, row, gradient, update, lanes);
    return;
  }

  u8* bytes = table.rows + row * table.row_bytes;
  float* state = table.states + row * table.state_width;
  const int slots = slots_of(table);
  const Codes codes = has_codes(table) ? codes_of(table, bytes) : Codes{0, 0};
  const bool plain = is_plain(table);
  float step = 0;
  if (update.rule == kRowWiseAdagrad) {
    float squares = 0;
    for (int slot = lanes.lane; slot < slots; slot += lanes.count) {
      for (int j = slot; j < table.width; j += slots) {
        const float value = number(table, row, j, codes), g = gradient[j] + update.l2 * value;
        squares += g * g;
      }
    }

    step = step_of_row(update, lanes.sum(squares), table.width, state, lanes);
  }

  float least = float_of(0x7f7fffff), most = -least, slopes = 0;
  for (int slot = lanes.lane; slot < slots; slot += lanes.count) {
    for (int j = slot; j < table.width; j += slots) {
      const float value = number(table, row, j, codes), g = gradient[j] + update.l2 * value;
      const float next = update.rule == kRowWiseAdagrad ? value - step * g : step_number(update, value, g, state + j, table.width);
      if (has_codes(table) && table.scale == kScaleLearned) slopes += gradient[j] * step_slope(next, codes.scale, table.bits);
      least = smaller(least, next);
      most = larger(most, next);
      gradient[j] = next;
    }
  }

  const Rounding rounding = update.rounding.of_row(update.first + row_number * update.stride);
  if (!has_codes(table)) {
    for (int j = lanes.lane; j < table.width; j += lanes.count) {
      if (plain)
        row_of(table, row)[j] = gradient[j];
      else if (table.mask) {
        const i64 place = row * table.width + j;
        if (is_kept(table, place)) reinterpret_cast<float*>(table.rows)[kept_before(table, place)] = gradient[j];
      } else
        reinterpret_cast<u16*>(bytes)[j] = table.format == kFp16 ? to_half(gradient[j], rounding, j) : to_upper_half(gradient[j], rounding, j);
    }

    return;
  }

  Codes next = codes;
  if (table.scale == kScaleOfRow) {
    // Rounded outwards, so that all numbers lie between the first and the last code.
    next.offset = half_below(lanes.least(least));
    next.scale = half_above((-lanes.least(-most) - next.offset) / static_cast<float>((1 << table.bits) - 1));
    if (lanes.lane == 0) {
      write16(bytes, half_towards_zero(next.scale));
      write16(bytes + 2, half_towards_zero(next.offset));
    }
  } else if (table.scale == kScaleLearned) {
    const float highest = larger(1.f, static_cast<float>((1 << (table.bits - 1)) - 1));
    const float slope = lanes.sum(slopes) / RST_SQRT(static_cast<float>(table.width) * highest);
    next.scale = larger(1e-8f, codes.scale - update.step_rate * slope);
    next.offset = -static_cast<float>(1 << (table.bits - 1)) * next.scale;
    if (lanes.lane == 0) write32(bytes, bits_of(next.scale));
  }

  write_codes(table, row, gradient, next, rounding, lanes);
}

// The work of one group: item number i of a kernel.

struct Gather {
  Table table;
  const i64* rows;
  float* values;
  i64 count;

  RST_DEVICE void run(i64 i, const Lanes& lanes) const { copy_row(table, rows[i], values + i * table.width, table.width % 4 == 0, lanes); }
};

struct Apply {
  Table table;
  const i64* rows;
  const i64* numbers;  // of the rows in the table, which are others where the rows are a cache
  float* gradients;
  Update update;
  i64 count;

  RST_DEVICE void run(i64 i, const Lanes& lanes) const { update_row(table, rows[i], numbers[i], gradients + i * table.width, update, lanes); }
};

// Copies rows as they are kept, from their places to others; null where places are 0, 1, 2 ...
struct Move {
  const u8* from;
  const i64* from_rows;
  u8* to;
  const i64* to_rows;
  i64 count, row_bytes;

  template <typename Unit>
  RST_DEVICE void copy(const u8* source, u8* target, const Lanes& lanes) const {
    for (i64 j = lanes.lane; j < row_bytes / static_cast<i64>(sizeof(Unit)); j += lanes.count) reinterpret_cast<Unit*>(target)[j] = reinterpret_cast<const Unit*>(source)[j];
  }

  RST_DEVICE void run(i64 i, const Lanes& lanes) const {
    const u8* source = from + (from_rows ? from_rows[i] : i) * row_bytes;
    u8* target = to + (to_rows ? to_rows[i] : i) * row_bytes;
    if (row_bytes % 16 == 0)
      copy<Four>(source, target, lanes);
    else if (row_bytes % 4 == 0)
      copy<u32>(source, target, lanes);
    else
      copy<u8>(source, target, lanes);
  }
};

// Spreads rows over the vectors of samples or ids: vector i is the row of one occurrence, or the sum or mean of several. Numbers of a vector
// behind those of the row are zero.
struct Expand {
  Table table;
  const i64* rows;     // of the table, by their places in a mini-batch; null where places are rows
  const int* index;    // places by occurrence
  const int* offsets;  // where the occurrences of each vector begin; null where each has one
  float* vectors;
  i64 count, stride, first_place;
  int columns, mean;
  int adds;            // to what is there; where each vector has one occurrence

  RST_DEVICE i64 row_at(i64 occurrence) const {
    const i64 place = index[occurrence] - first_place;
    return rows ? rows[place] : place;
  }

  RST_DEVICE void run(i64 i, const Lanes& lanes) const {
    float* to = vectors + i * stride;
    if (adds) {
      const i64 row = row_at(i);
      const Codes codes = has_codes(table) ? codes_of(table, table.rows + row * table.row_bytes) : Codes{0, 0};
      for (int j = lanes.lane; j < table.width; j += lanes.count) to[j] += number(table, row, j, codes);
      return;
    }

    for (int j = table.width + lanes.lane; j < columns; j += lanes.count) to[j] = 0;
    if (!offsets) {
      copy_row(table, row_at(i), to, stride % 4 == 0 && reinterpret_cast<u64>(vectors) % 16 == 0, lanes);
      return;
    }

    const int begin = offsets[i], end = offsets[i + 1];
    const float weight = mean && end > begin + 1 ? 1.f / static_cast<float>(end - begin) : 1.f;
    for (int j = lanes.lane; j < table.width; j += lanes.count) {
      float sum = 0;
      for (int k = begin; k < end; k++) {
        const i64 row = row_at(k);
        sum += number(table, row, j, has_codes(table) ? codes_of(table, table.rows + row * table.row_bytes) : Codes{0, 0});
      }

      to[j] = sum * weight;
    }
  }
};

// Notes for each occurrence where the gradient of its vector begins, and its weight in the vector.
struct Place {
  const int* offsets;
  int* places;
  float* weights;
  i64 count, target, stride;
  int mean;

  RST_DEVICE void run(i64 i, const Lanes& lanes) const {
    const int begin = offsets ? offsets[i] : static_cast<int>(i), end = offsets ? offsets[i + 1] : begin + 1;
    for (int k = begin + lanes.lane; k < end; k += lanes.count) {
      places[k] = static_cast<int>(target + i * stride);
      weights[k] = mean && end > begin + 1 ? 1.f / static_cast<float>(end - begin) : 1.f;
    }
  }
};

// Occurrences in the order of their rows, cut into tiles of equal length, so that a row of a whole mini-batch and one of a single
// sample take the lanes alike. What a tile has of a row that begins before it or goes on behind it is put aside.
struct Sums {
  static constexpr int kTile = 64;

  const float* gradient;
  const int* sorted;   // places of rows, ascending
  const i64* order;    // their occurrences
  const i64* starts;   // where the occurrences of each place begin in that order
  const int* places;   // where the gradient of each occurrence begins
  const float* weights;
  float* sums;         // [places, width]
  float* heads;        // [tiles, width]: the end of a row that has begun before the tile
  float* tails;        // [tiles, width]: the beginning of a row that goes on behind the tile
  i64 first, count, first_place, place_count;
  int width, fours;

  RST_DEVICE i64 tile_end(i64 tile) const {
    const i64 end = first + (tile + 1) * kTile;
    return end < first + count ? end : first + count;
  }

  RST_DEVICE float* target(i64 tile, int place) const {
    const i64 own = place - first_place;
    if (starts[place] < first + tile * kTile) return heads + tile * width;
    return starts[place + 1] > tile_end(tile) ? tails + tile * width : sums + own * width;
  }
};

struct SumTiles {
  Sums sums;
  i64 count;

  RST_DEVICE void run(i64 tile, const Lanes& lanes) const {
    const i64 begin = sums.first + tile * Sums::kTile, end = sums.tile_end(tile);
    const int width = sums.width;
    if (sums.fours) {
      for (int j = 4 * lanes.lane; j < width; j += 4 * lanes.count) {
        Four sum = {0, 0, 0, 0};
        for (i64 k = begin; k < end; k++) {
          const i64 occurrence = sums.order[k];
          const Four g = four(sums.gradient + sums.places[occurrence] + j);
          const float w = sums.weights[occurrence];
          sum = {sum.x + w * g.x, sum.y + w * g.y, sum.z + w * g.z, sum.w + w * g.w};
          if (k + 1 < end && sums.sorted[k + 1] == sums.sorted[k]) continue;
          set(sums.target(tile, sums.sorted[k]) + j, sum);
          sum = {0, 0, 0, 0};
        }
      }

      return;
    }

    for (int j = lanes.lane; j < width; j += lanes.count) {
      float sum = 0;
      for (i64 k = begin; k < end; k++) {
        const i64 occurrence = sums.order[k];
        sum += sums.weights[occurrence] * sums.gradient[sums.places[occurrence] + j];
        if (k + 1 < end && sums.sorted[k + 1] == sums.sorted[k]) continue;
        sums.target(tile, sums.sorted[k])[j] = sum;
        sum = 0;
      }
    }
  }
};

// Rows of several tiles.
struct SumSpans {
  Sums sums;
  i64 count;

  RST_DEVICE void run(i64 own, const Lanes& lanes) const {
    const i64 place = sums.first_place + own;
    const i64 from = (sums.starts[place] - sums.first) / Sums::kTile, to = (sums.starts[place + 1] - 1 - sums.first) / Sums::kTile;
    if (sums.starts[place] == sums.starts[place + 1] || from == to) return;
    for (int j = lanes.lane; j < sums.width; j += lanes.count) {
      float sum = sums.tails[from * sums.width + j];
      for (i64 tile = from + 1; tile <= to; tile++) sum += sums.heads[tile * sums.width + j];
      sums.sums[own * sums.width + j] = sum;
    }
  }
};

// Works of one kind, of several tables, in one launch: their items are counted through.
template <typename Work>
struct Several {
  const Work* works;
  const i64* ends;  // where the items of each end
  int size;

  RST_DEVICE i64 count() const { return ends[size - 1]; }

  // The work that item i belongs to.
  RST_DEVICE int work_of(i64 i) const {
    int first = 0, last = size - 1;
    while (first < last) {
      const int middle = (first + last) / 2;
      if (i < ends[middle])
        last = middle;
      else
        first = middle + 1;
    }

    return first;
  }

  RST_DEVICE i64 start_of(int work) const { return work == 0 ? 0 : ends[work - 1]; }

  RST_DEVICE void run(i64 i, const Lanes& lanes) const {
    const int work = work_of(i);
    // A copy stays in registers, whatever is written meanwhile.
    const Work own = works[work];
    own.run(i - start_of(work), lanes);
  }
};

}  // namespace rows

#ifdef __CUDACC__
// Blocks are whole warps, and a group of lanes does one item.
#define RST_KERNEL(name, work)                                                                 \
  extern "C" __global__ void name(const rows::Several<rows::work> works, int lanes) {          \
    const rows::i64 thread = static_cast<rows::i64>(blockIdx.x) * blockDim.x + threadIdx.x;    \
    if (thread / lanes < works.count()) works.run(thread / lanes, {static_cast<int>(thread % lanes), lanes}); \
  }

RST_KERNEL(rows_gather, Gather)
RST_KERNEL(rows_apply, Apply)
RST_KERNEL(rows_move, Move)
RST_KERNEL(rows_expand, Expand)
RST_KERNEL(rows_place, Place)
RST_KERNEL(rows_sum_tiles, SumTiles)
RST_KERNEL(rows_sum_spans, SumSpans)
#endif
