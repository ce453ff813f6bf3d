// Embedding rows as tensors: reads and updates rows of tables where they lie, on the CPU or a GPU, by the kernels of row_kernels.cuh. What a step
// does with all its tables is one call and, as a rule, one launch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <cstring>
#include <map>
#include <vector>

#include "gpu.h"
#include "row_kernels.cuh"

namespace {

using at::Tensor;
using at::TensorList;

// Rows per task of the thread pool.
constexpr int64_t kGrain = 256;

// What describes a table, in this order.
enum Shape { kRowCount, kWidth, kRowBytes, kStateWidth, kFormat, kBits, kHeader, kScale, kShapeSize };

template <typename Number>
Number* data(const Tensor& tensor) {
  return static_cast<Number*>(tensor.data_ptr());
}

// Empty stands for none.
template <typename Number>
Number* data_or_null(const Tensor& tensor) {
  return tensor.numel() == 0 ? nullptr : data<Number>(tensor);
}

// mask: empty, or the bits; counts: kept numbers before every 512 of them.
rows::Table table_of(const Tensor& table, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step) {
  TORCH_CHECK(shape.size() == kShapeSize, "a table is described by ", int(kShapeSize), " numbers, not ", shape.size());
  TORCH_CHECK(table.is_contiguous(), "a table lies without gaps");
  rows::Table result{};
  result.rows = data<uint8_t>(table);
  result.mask = data_or_null<rows::u64>(mask);
  result.mask_counts = data_or_null<rows::u32>(counts);
  result.row_count = shape[kRowCount];
  result.width = static_cast<int>(shape[kWidth]);
  result.row_bytes = static_cast<int>(shape[kRowBytes]);
  result.state_width = static_cast<int>(shape[kStateWidth]);
  result.format = static_cast<int>(shape[kFormat]);
  result.bits = static_cast<int>(shape[kBits]);
  result.header = static_cast<int>(shape[kHeader]);
  result.scale = static_cast<int>(shape[kScale]);
  result.step = static_cast<float>(step);
  return result;
}

// Of the descriptions of as many works, number i.
template <typename Number>
c10::ArrayRef<Number> part(c10::ArrayRef<Number> all, size_t works, size_t i) {
  TORCH_CHECK(works > 0 && all.size() % works == 0, all.size(), " numbers do not describe ", works, " works");
  return all.slice(i * (all.size() / works), all.size() / works);
}

// Lanes for a row: a power of two, up to a warp.
int lanes_for(int64_t width) {
  const int64_t wanted = width % 4 == 0 ? width / 4 : width;
  int lanes = 1;
  while (lanes < wanted && lanes < 32) lanes *= 2;
  return lanes;
}

// Works by the lanes that each of their items takes.
template <typename Work>
class Works {
 public:
  void add(int64_t width, const Work& work) {
    Group& group = groups_[lanes_for(width)];
    group.works.push_back(work);
    group.ends.push_back((group.ends.empty() ? 0 : group.ends.back()) + work.count);
  }

  void run(const char* kernel, c10::Device device) const {
    for (const auto& [lanes, group] : groups_) {
      const int64_t count = group.ends.back();
      if (count == 0) continue;
      if (device.is_cpu()) {
        const rows::Several<Work> several{group.works.data(), group.ends.data(), static_cast<int>(group.works.size())};
        at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
          for (int work = several.work_of(begin); begin < end; work++) {
            for (; begin < end && begin < several.ends[work]; begin++) several.works[work].run(begin - several.start_of(work), {0, 1});
          }
        });
      } else {
        launch(kernel, device, lanes, group);
      }
    }
  }

 private:
  struct Group {
    std::vector<Work> works;
    std::vector<rows::i64> ends;
  };

  // The device reads what is to be done from its own memory.
  static void launch(const char* kernel, c10::Device device, int lanes, const Group& group) {
    const int64_t works_size = group.works.size() * sizeof(Work), ends_size = group.ends.size() * sizeof(rows::i64);
    Tensor host = at::empty({works_size + ends_size}, at::kByte);
    std::memcpy(data<uint8_t>(host), group.works.data(), works_size);
    std::memcpy(data<uint8_t>(host) + works_size, group.ends.data(), ends_size);
    const Tensor copy = host.to(device, /*non_blocking=*/true);
    rows::Several<Work> several{reinterpret_cast<const Work*>(data<uint8_t>(copy)), reinterpret_cast<const rows::i64*>(data<uint8_t>(copy) + works_size),
                                static_cast<int>(group.works.size())};
    void* arguments[] = {&several, &lanes};
    rst::launch(kernel, device, group.ends.back() * lanes, arguments);
  }

  std::map<int, Group> groups_;
};

template <typename Work>
void run(const char* kernel, c10::Device device, int64_t width, const Work& work) {
  Works<Work> works;
  works.add(width, work);
  works.run(kernel, device);
}

Tensor rows_gather(const Tensor& table, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step, const Tensor& numbers) {
  Tensor values = at::empty({numbers.numel(), shape[kWidth]}, table.options().dtype(at::kFloat));
  run("rows_gather", table.device(), shape[kWidth],
      rows::Gather{table_of(table, mask, counts, shape, step), data<rows::i64>(numbers), data<float>(values), numbers.numel()});
  return values;
}

// Of each table: step and the rate at which it is learned; salt, whether rounding is random, first number and stride.
void rows_apply_(TensorList tables, TensorList states, TensorList masks, TensorList counts, at::IntArrayRef shapes, at::ArrayRef<double> steps,
                 TensorList places, TensorList numbers, TensorList gradients, int64_t rule, at::ArrayRef<double> rule_numbers, double l2,
                 at::IntArrayRef roundings) {
  rows::Update update{};
  update.rule = static_cast<int>(rule);
  for (size_t i = 0; i < rule_numbers.size() && i < 4; i++) update.numbers[i] = static_cast<float>(rule_numbers[i]);
  update.l2 = static_cast<float>(l2);
  Works<rows::Apply> works;
  for (size_t t = 0; t < tables.size(); t++) {
    const auto shape = part(shapes, tables.size(), t), rounding = part(roundings, tables.size(), t);
    const auto step = part(steps, tables.size(), t);
    TORCH_CHECK(gradients[t].is_contiguous() && gradients[t].numel() == places[t].numel() * shape[kWidth], "a gradient for each number of each row is needed");
    TORCH_CHECK(numbers[t].numel() == places[t].numel(), "a number for each row is needed");
    TORCH_CHECK(tables[t].device() == tables[0].device(), "tables are updated on one device, not on ", tables[0].device(), " and ", tables[t].device());
    update.step_rate = static_cast<float>(step[1]);
    update.rounding = {static_cast<rows::u64>(rounding[0]), static_cast<int>(rounding[1])};
    update.first = rounding[2];
    update.stride = rounding[3];
    rows::Table table = table_of(tables[t], masks[t], counts[t], shape, step[0]);
    table.states = data<float>(states[t]);
    works.add(shape[kWidth], {table, data<rows::i64>(places[t]), data<rows::i64>(numbers[t]), data<float>(gradients[t]), update, places[t].numel()});
  }

  if (!tables.empty()) works.run("rows_apply", tables[0].device());
}

// Bytes of rows without gaps. Places: empty for 0, 1, 2 ...
void rows_move_(const Tensor& to, const Tensor& to_places, const Tensor& from, const Tensor& from_places, int64_t count, int64_t row_bytes) {
  TORCH_CHECK(to.device() == from.device(), "rows move on one device, not from ", from.device(), " to ", to.device());
  if (row_bytes == 0) return;
  run("rows_move", to.device(), row_bytes / 4,
      rows::Move{data<uint8_t>(from), data_or_null<rows::i64>(from_places), data<uint8_t>(to), data_or_null<rows::i64>(to_places), count, row_bytes});
}

// Of each piece: first of the table's rows among all places of index, first occurrence, vectors, where the first begins, their distance, numbers of
// each, whether it is a mean, and whether it is added to what is there.
void rows_expand_(const Tensor& vectors, TensorList tables, TensorList masks, TensorList counts, at::IntArrayRef shapes, at::ArrayRef<double> steps,
                  TensorList numbers, const Tensor& index, TensorList offsets, at::IntArrayRef pieces) {
  Works<rows::Expand> works;
  for (size_t t = 0; t < tables.size(); t++) {
    const auto shape = part(shapes, tables.size(), t), piece = part(pieces, tables.size(), t);
    works.add(shape[kWidth], {table_of(tables[t], masks[t], counts[t], shape, steps[t]), data_or_null<rows::i64>(numbers[t]), data<int>(index) + piece[1],
                              data_or_null<int>(offsets[t]), data<float>(vectors) + piece[3], piece[2], piece[4], piece[0], static_cast<int>(piece[5]),
                              static_cast<int>(piece[6]), static_cast<int>(piece[7])});
  }

  works.run("rows_expand", vectors.device());
}

// Of each piece: first occurrence, vectors, where the first begins, their distance, and whether it is a mean.
void rows_place_(const Tensor& places, const Tensor& weights, TensorList offsets, at::IntArrayRef pieces) {
  Works<rows::Place> works;
  for (size_t t = 0; t < offsets.size(); t++) {
    const auto piece = part(pieces, offsets.size(), t);
    works.add(1, {data_or_null<int>(offsets[t]), data<int>(places) + piece[0], data<float>(weights) + piece[0], piece[1], piece[2], piece[3],
                  static_cast<int>(piece[4])});
  }

  works.run("rows_place", places.device());
}

// Of each of count pieces: first occurrence, occurrences, first place, places, width. dimension: where gradients begin is a multiple of it.
std::vector<Tensor> rows_sum(const Tensor& gradient, const Tensor& sorted, const Tensor& order, const Tensor& starts, const Tensor& places, const Tensor& weights,
                             at::IntArrayRef pieces, int64_t count, int64_t dimension) {
  TORCH_CHECK(gradient.is_contiguous() && gradient.scalar_type() == at::kFloat, "gradients are float without gaps");
  Works<rows::SumTiles> tiles;
  Works<rows::SumSpans> spans;
  std::vector<Tensor> results, asides;
  for (int64_t t = 0; t < count; t++) {
    const auto piece = part(pieces, count, t);
    const int64_t width = piece[4], tile_count = (piece[1] + rows::Sums::kTile - 1) / rows::Sums::kTile;
    results.push_back(at::empty({piece[3], width}, gradient.options()));
    asides.push_back(at::empty({2, tile_count, width}, gradient.options()));
    float* aside = data<float>(asides.back());
    const rows::Sums sums{data<float>(gradient), data<int>(sorted), data<rows::i64>(order), data<rows::i64>(starts), data<int>(places), data<float>(weights),
                          data<float>(results.back()), aside, aside + tile_count * width, piece[0], piece[1], piece[2], piece[3],
                          static_cast<int>(width), width % 4 == 0 && dimension % 4 == 0};
    tiles.add(width, {sums, tile_count});
    spans.add(width, {sums, piece[3]});
  }

  tiles.run("rows_sum_tiles", gradient.device());
  spans.run("rows_sum_spans", gradient.device());
  return results;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("rows_gather(Tensor table, Tensor mask, Tensor counts, int[] shape, float step, Tensor rows) -> Tensor", rows_gather);
  library.def(
      "rows_apply_(Tensor(a!)[] tables, Tensor(b!)[] states, Tensor[] masks, Tensor[] counts, int[] shapes, float[] steps, Tensor[] rows, "
      "Tensor[] row_numbers, Tensor(c!)[] gradients, int rule, float[] numbers, float l2, int[] roundings) -> ()",
      rows_apply_);
  library.def("rows_move_(Tensor(a!) to, Tensor to_rows, Tensor from, Tensor from_rows, int count, int row_bytes) -> ()", rows_move_);
  library.def(
      "rows_expand_(Tensor(a!) vectors, Tensor[] tables, Tensor[] masks, Tensor[] counts, int[] shapes, float[] steps, Tensor[] rows, Tensor index, "
      "Tensor[] offsets, int[] pieces) -> ()",
      rows_expand_);
  library.def("rows_place_(Tensor(a!) places, Tensor(b!) weights, Tensor[] offsets, int[] pieces) -> ()", rows_place_);
  library.def(
      "rows_sum(Tensor gradient, Tensor sorted, Tensor order, Tensor starts, Tensor places, Tensor weights, int[] pieces, int count, int dimension) -> Tensor[]",
      rows_sum);
}
