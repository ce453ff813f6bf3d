// Embedding rows as tensors: reads and updates rows of a table where they lie, on the CPU or a GPU, by the kernels of row_kernels.cuh.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include "gpu.h"
#include "row_kernels.cuh"

namespace {

using at::Tensor;

// Rows per task of the thread pool.
constexpr int64_t kGrain = 256;

// What describes a table, in this order.
enum Shape { kRowCount, kWidth, kRowBytes, kStateWidth, kFormat, kBits, kHeader, kScale, kShapeSize };

template <typename Number>
Number* data(const Tensor& tensor) {
  return static_cast<Number*>(tensor.data_ptr());
}

// mask: empty, or the bits; counts: kept numbers before every 512 of them.
rows::Table table_of(const Tensor& table, const Tensor& states, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step) {
  TORCH_CHECK(shape.size() == kShapeSize, "a table is described by ", int(kShapeSize), " numbers, not ", shape.size());
  TORCH_CHECK(table.is_contiguous() && states.is_contiguous(), "a table and its state lie without gaps");
  rows::Table result{};
  result.rows = data<uint8_t>(table);
  result.states = data<float>(states);
  result.mask = mask.numel() == 0 ? nullptr : data<rows::u64>(mask);
  result.mask_counts = mask.numel() == 0 ? nullptr : data<rows::u32>(counts);
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

// Lanes for a row: a power of two, up to a warp.
int lanes_for(int64_t width) {
  const int64_t wanted = width % 4 == 0 ? width / 4 : width;
  int lanes = 1;
  while (lanes < wanted && lanes < 32) lanes *= 2;
  return lanes;
}

template <typename Work>
void run(const char* kernel, c10::Device device, int64_t width, Work work) {
  if (device.is_cpu()) {
    at::parallel_for(0, work.count, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) work.run(i, {0, 1});
    });
    return;
  }

  int lanes = lanes_for(width);
  void* arguments[] = {&work, &lanes};
  rst::launch(kernel, device, work.count * lanes, arguments);
}

Tensor rows_gather(const Tensor& table, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step, const Tensor& numbers) {
  Tensor values = at::empty({numbers.numel(), shape[kWidth]}, table.options().dtype(at::kFloat));
  run("rows_gather", table.device(), shape[kWidth],
      rows::Gather{table_of(table, at::empty({0}, at::kByte), mask, counts, shape, step), data<rows::i64>(numbers), data<float>(values), numbers.numel()});
  return values;
}

void rows_apply_(const Tensor& table, const Tensor& states, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step,
                 const Tensor& places, const Tensor& numbers, const Tensor& gradients, int64_t rule, at::ArrayRef<double> rule_numbers, double l2,
                 double step_rate, int64_t salt, bool stochastic, int64_t first, int64_t stride) {
  TORCH_CHECK(gradients.is_contiguous() && gradients.numel() == places.numel() * shape[kWidth], "a gradient for each number of each row is needed");
  TORCH_CHECK(numbers.numel() == places.numel(), "a number for each row is needed");
  rows::Update update{};
  update.rule = static_cast<int>(rule);
  for (size_t i = 0; i < rule_numbers.size() && i < 4; i++) update.numbers[i] = static_cast<float>(rule_numbers[i]);
  update.l2 = static_cast<float>(l2);
  update.step_rate = static_cast<float>(step_rate);
  update.rounding = {static_cast<rows::u64>(salt), stochastic};
  update.first = first;
  update.stride = stride;
  run("rows_apply", table.device(), shape[kWidth],
      rows::Apply{table_of(table, states, mask, counts, shape, step), data<rows::i64>(places), data<rows::i64>(numbers), data<float>(gradients), update, places.numel()});
}

// Empty stands for none.
template <typename Number>
Number* data_or_null(const Tensor& tensor) {
  return tensor.numel() == 0 ? nullptr : data<Number>(tensor);
}

// Bytes of rows without gaps. Places: empty for 0, 1, 2 ...
void rows_move_(const Tensor& to, const Tensor& to_places, const Tensor& from, const Tensor& from_places, int64_t count, int64_t row_bytes) {
  TORCH_CHECK(to.device() == from.device(), "rows move on one device, not from ", from.device(), " to ", to.device());
  if (row_bytes == 0) return;
  run("rows_move", to.device(), row_bytes / 4,
      rows::Move{data<uint8_t>(from), data_or_null<rows::i64>(from_places), data<uint8_t>(to), data_or_null<rows::i64>(to_places), count, row_bytes});
}

// first: of the occurrences; first_place: of the table's rows among all places of index. target: where the first vector begins.
void rows_expand_(const Tensor& vectors, const Tensor& table, const Tensor& mask, const Tensor& counts, at::IntArrayRef shape, double step,
                  const Tensor& numbers, int64_t first_place, const Tensor& index, int64_t first, const Tensor& offsets, int64_t count, int64_t target,
                  int64_t stride, int64_t columns, bool mean, bool adds) {
  run("rows_expand", table.device(), shape[kWidth],
      rows::Expand{table_of(table, at::empty({0}, at::kByte), mask, counts, shape, step), data_or_null<rows::i64>(numbers), data<int>(index) + first,
                   data_or_null<int>(offsets), data<float>(vectors) + target, count, stride, first_place, static_cast<int>(columns), mean, adds});
}

void rows_place_(const Tensor& places, const Tensor& weights, int64_t first, const Tensor& offsets, int64_t count, int64_t target, int64_t stride, bool mean) {
  run("rows_place", places.device(), 1,
      rows::Place{data_or_null<int>(offsets), data<int>(places) + first, data<float>(weights) + first, count, target, stride, mean});
}

// dimension: places are multiples of it.
Tensor rows_sum(const Tensor& gradient, const Tensor& sorted, const Tensor& order, const Tensor& starts, const Tensor& places, const Tensor& weights,
                int64_t first, int64_t count, int64_t first_place, int64_t place_count, int64_t width, int64_t dimension) {
  TORCH_CHECK(gradient.is_contiguous() && gradient.scalar_type() == at::kFloat, "gradients are float without gaps");
  const int64_t tiles = (count + rows::Sums::kTile - 1) / rows::Sums::kTile;
  Tensor result = at::empty({place_count, width}, gradient.options()), aside = at::empty({2, tiles, width}, gradient.options());
  const rows::Sums sums{data<float>(gradient), data<int>(sorted), data<rows::i64>(order), data<rows::i64>(starts), data<int>(places), data<float>(weights),
                        data<float>(result), data<float>(aside), data<float>(aside) + tiles * width, first, count, first_place, place_count,
                        static_cast<int>(width), width % 4 == 0 && dimension % 4 == 0};
  run("rows_sum_tiles", gradient.device(), width, rows::SumTiles{sums, tiles});
  run("rows_sum_spans", gradient.device(), width, rows::SumSpans{sums, place_count});
  return result;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("rows_gather(Tensor table, Tensor mask, Tensor counts, int[] shape, float step, Tensor rows) -> Tensor", rows_gather);
  library.def(
      "rows_apply_(Tensor(a!) table, Tensor(b!) states, Tensor mask, Tensor counts, int[] shape, float step, Tensor rows, Tensor row_numbers, "
      "Tensor(c!) gradients, int rule, float[] numbers, float l2, float step_rate, int salt, bool stochastic, int first, int stride) -> ()",
      rows_apply_);
  library.def("rows_move_(Tensor(a!) to, Tensor to_rows, Tensor from, Tensor from_rows, int count, int row_bytes) -> ()", rows_move_);
  library.def(
      "rows_expand_(Tensor(a!) vectors, Tensor table, Tensor mask, Tensor counts, int[] shape, float step, Tensor rows, int first_place, Tensor index, "
      "int first, Tensor offsets, int count, int target, int stride, int columns, bool mean, bool adds) -> ()",
      rows_expand_);
  library.def(
      "rows_place_(Tensor(a!) places, Tensor(b!) weights, int first, Tensor offsets, int count, int target, int stride, bool mean) -> ()", rows_place_);
  library.def(
      "rows_sum(Tensor gradient, Tensor sorted, Tensor order, Tensor starts, Tensor places, Tensor weights, int first, int count, int first_place, "
      "int place_count, int width, int dimension) -> Tensor",
      rows_sum);
}
