// A linear layer over vectors side by side, most of which occur many times in a batch: fields with few values. What a field adds
// to the result is the product of its vector with its columns of the weight, so it is computed once per distinct vector and
// then added to the samples that have it; backwards the gradients of these samples are added up first. Per sample a product of
// [1, width] and [width, outputs] becomes one addition of [outputs].
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

#include "linear.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Samples per task of the thread pool.
constexpr int64_t kGrain = 64;

// Columns whose sums one thread makes at once: they stay in registers and their rows in the second-level cache.
constexpr int64_t kColumns = 64;

// A run of neighbouring columns.
struct Run {
  int64_t begin, length;
};

// Where the columns of an input go: runs of ordinary columns, and fields that are computed per distinct vector.
struct Cut : torch::CustomClassHolder {
  int64_t batch = 0, columns = 0, width = 0, plain_width = 0;
  std::vector<Run> plain;
  std::vector<int64_t> fields;
  std::vector<int64_t> starts;  // of each field's distinct vectors, and their number at the end
  at::Tensor slots;             // int32 [batch, fields]: which distinct vector
  at::Tensor places;            // int64 [distinct]: the first sample that has it

  int64_t distinct() const { return starts.back(); }
  int64_t field_count() const { return static_cast<int64_t>(fields.size()); }

  void add_plain(int64_t begin, int64_t length) {
    if (length == 0) return;
    if (!plain.empty() && plain.back().begin + plain.back().length == begin)
      plain.back().length += length;
    else
      plain.push_back({begin, length});
    plain_width += length;
  }
};

c10::intrusive_ptr<Cut> cut_columns(const at::Tensor& input, const at::Tensor& firsts, int64_t width) {
  auto owner = c10::make_intrusive<Cut>();
  Cut& result = *owner;
  result.batch = input.size(0);
  result.columns = input.size(1);
  result.width = width;
  const int32_t* f = firsts.data_ptr<int32_t>();
  for (int64_t field = 0; field < firsts.size(0); field++) {
    if (f[field * result.batch] < 0)
      result.add_plain(field * width, width);
    else
      result.fields.push_back(field);
  }

  result.add_plain(firsts.size(0) * width, result.columns - firsts.size(0) * width);
  const int64_t count = result.field_count();
  result.slots = at::empty({result.batch, count}, firsts.options());
  int32_t* slots = result.slots.data_ptr<int32_t>();
  std::vector<int64_t> places;
  result.starts.push_back(0);
  for (int64_t c = 0; c < count; c++) {
    const int32_t* first = f + result.fields[c] * result.batch;
    for (int64_t b = 0; b < result.batch; b++) {
      TORCH_CHECK(first[b] >= 0 && first[b] <= b && first[first[b]] == first[b], "firsts[", result.fields[c], ", ", b, "] is ", first[b],
                  ", which is no first sample");
      if (first[b] == b) {
        slots[b * count + c] = static_cast<int32_t>(places.size());
        places.push_back(b);
      } else {
        slots[b * count + c] = slots[first[b] * count + c];
      }
    }

    result.starts.push_back(static_cast<int64_t>(places.size()));
  }

  result.places = at::tensor(places, at::kLong);
  return owner;
}

// The ordinary columns of every row, side by side.
at::Tensor pack(const Cut& cut, const at::Tensor& rows) {
  at::Tensor result = at::empty({rows.size(0), cut.plain_width}, rows.options());
  const float* from = rows.data_ptr<float>();
  float* to = result.data_ptr<float>();
  at::parallel_for(0, rows.size(0), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      float* place = to + r * cut.plain_width;
      for (const Run& run : cut.plain) place = std::copy_n(from + r * cut.columns + run.begin, run.length, place);
    }
  });
  return result;
}

void unpack(const Cut& cut, const at::Tensor& packed, at::Tensor& rows) {
  const float* from = packed.data_ptr<float>();
  float* to = rows.data_ptr<float>();
  at::parallel_for(0, rows.size(0), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const float* place = from + r * cut.plain_width;
      for (const Run& run : cut.plain) {
        std::copy_n(place, run.length, to + r * cut.columns + run.begin);
        place += run.length;
      }
    }
  });
}

// The distinct vectors of the fields, [distinct, width].
at::Tensor distinct_vectors(const Cut& cut, const at::Tensor& input) {
  at::Tensor result = at::empty({cut.distinct(), cut.width}, input.options());
  const float* from = input.data_ptr<float>();
  const int64_t* places = cut.places.data_ptr<int64_t>();
  float* to = result.data_ptr<float>();
  for (int64_t c = 0; c < cut.field_count(); c++) {
    for (int64_t n = cut.starts[c]; n < cut.starts[c + 1]; n++)
      std::copy_n(from + places[n] * cut.columns + cut.fields[c] * cut.width, cut.width, to + n * cut.width);
  }

  return result;
}

// A field's rows of what is kept per distinct vector, and its columns of the weight.
at::Tensor rows_of(const Cut& cut, int64_t c, const at::Tensor& distinct) {
  return distinct.narrow(0, cut.starts[c], cut.starts[c + 1] - cut.starts[c]);
}

at::Tensor columns_of(const Cut& cut, int64_t c, const at::Tensor& weight) { return weight.narrow(1, cut.fields[c] * cut.width, cut.width); }

// result += bias + the rows of the slots; four rows at once, since the result is read and written in each pass.
RST_SIMD void add_rows(const float* __restrict parts, const int32_t* slots, int64_t count, const float* __restrict bias, int64_t width, bool relu,
                       float* __restrict result) {
  for (int64_t k = 0; k < width; k++) result[k] += bias[k];
  int64_t c = 0;
  for (; c + 4 <= count; c += 4) {
    const float *p = parts + slots[c] * width, *q = parts + slots[c + 1] * width;
    const float *r = parts + slots[c + 2] * width, *s = parts + slots[c + 3] * width;
    for (int64_t k = 0; k < width; k++) result[k] += (p[k] + q[k]) + (r[k] + s[k]);
  }

  for (; c < count; c++) {
    const float* p = parts + slots[c] * width;
    for (int64_t k = 0; k < width; k++) result[k] += p[k];
  }

  if (!relu) return;
  for (int64_t k = 0; k < width; k++) result[k] = result[k] > 0 ? result[k] : 0.f;
}

// sums[slots[c]] += row, over one block of columns
RST_SIMD void spread_row(const float* __restrict row, const int32_t* slots, int64_t count, int64_t stride, float* __restrict sums) {
  float block[kColumns];
  for (int64_t k = 0; k < kColumns; k++) block[k] = row[k];
  for (int64_t c = 0; c < count; c++) {
    float* sum = sums + slots[c] * stride;
    for (int64_t k = 0; k < kColumns; k++) sum[k] += block[k];
  }
}

// Per distinct vector the sum of the gradients of the samples that have it, [distinct, outputs]. Threads take columns, so that
// each sum is made by one of them in the order of the samples.
at::Tensor sums_per_vector(const Cut& cut, const at::Tensor& gradient) {
  const int64_t outputs = gradient.size(1), count = cut.field_count();
  at::Tensor result = at::zeros({cut.distinct(), outputs}, gradient.options());
  const float* g = gradient.data_ptr<float>();
  const int32_t* slots = cut.slots.data_ptr<int32_t>();
  float* sums = result.data_ptr<float>();
  at::parallel_for(0, (outputs + kColumns - 1) / kColumns, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      const int64_t column = block * kColumns, width = std::min(kColumns, outputs - column);
      for (int64_t b = 0; b < cut.batch; b++) {
        const float* row = g + b * outputs + column;
        const int32_t* slot = slots + b * count;
        if (width == kColumns) {
          spread_row(row, slot, count, outputs, sums + column);
          continue;
        }

        for (int64_t c = 0; c < count; c++)
          for (int64_t k = 0; k < width; k++) sums[slot[c] * outputs + column + k] += row[k];
      }
    }
  });
  return result;
}

at::Tensor forward_of(const Cut& cut, const at::Tensor& plain, const at::Tensor& vectors, const at::Tensor& weight, const at::Tensor& bias,
                      bool relu) {
  const int64_t outputs = weight.size(0), count = cut.field_count();
  at::Tensor result = cut.plain_width > 0 ? plain.mm(pack(cut, weight).t()) : at::zeros({cut.batch, outputs}, weight.options());
  at::Tensor parts = at::empty({cut.distinct(), outputs}, weight.options());
  for (int64_t c = 0; c < count; c++) {
    at::Tensor part = rows_of(cut, c, parts);
    at::mm_out(part, rows_of(cut, c, vectors), columns_of(cut, c, weight).t());
  }

  const float *p = parts.data_ptr<float>(), *added = bias.data_ptr<float>();
  const int32_t* slots = cut.slots.data_ptr<int32_t>();
  float* r = result.data_ptr<float>();
  at::parallel_for(0, cut.batch, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) add_rows(p, slots + b * count, count, added, outputs, relu, r + b * outputs);
  });
  return result;
}

struct FieldLinear : torch::autograd::Function<FieldLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& firsts, int64_t width, bool relu) {
    const auto cut = cut_columns(input, firsts, width);
    const at::Tensor plain = pack(*cut, input), vectors = distinct_vectors(*cut, input);
    const at::Tensor result = forward_of(*cut, plain, vectors, weight, bias, relu);
    context->save_for_backward({plain, vectors, weight, relu ? result : at::Tensor()});
    context->saved_data["cut"] = c10::IValue::make_capsule(cut);
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &plain = saved[0], &vectors = saved[1], &weight = saved[2], &result = saved[3];
    const auto owner = context->saved_data["cut"].toCapsule();
    const Cut& cut = static_cast<const Cut&>(*owner);
    at::Tensor gradient = gradients[0].contiguous(), bias_gradient;
    if (result.defined())
      std::tie(gradient, bias_gradient) = rst::mask_and_sum(gradient, result);
    else
      bias_gradient = gradient.sum(0);

    const at::Tensor sums = sums_per_vector(cut, gradient);
    at::Tensor weight_gradient = at::empty_like(weight);
    for (int64_t c = 0; c < cut.field_count(); c++)
      columns_of(cut, c, weight_gradient).copy_(rows_of(cut, c, sums).t().mm(rows_of(cut, c, vectors)));
    if (cut.plain_width > 0) unpack(cut, gradient.t().mm(plain), weight_gradient);
    const at::Tensor input_gradient = context->needs_input_grad(0) ? input_gradient_of(cut, gradient, sums, weight) : at::Tensor();
    return {input_gradient, weight_gradient, bias_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }

 private:
  static at::Tensor input_gradient_of(const Cut& cut, const at::Tensor& gradient, const at::Tensor& sums, const at::Tensor& weight) {
    at::Tensor result = at::zeros({cut.batch, cut.columns}, gradient.options());
    if (cut.plain_width > 0) unpack(cut, gradient.mm(pack(cut, weight)), result);
    for (int64_t c = 0; c < cut.field_count(); c++) {
      const at::Tensor part = rows_of(cut, c, sums).mm(columns_of(cut, c, weight));
      const float* from = part.data_ptr<float>();
      const int64_t* places = cut.places.data_ptr<int64_t>() + cut.starts[c];
      float* to = result.data_ptr<float>() + cut.fields[c] * cut.width;
      for (int64_t n = 0; n < part.size(0); n++) std::copy_n(from + n * cut.width, cut.width, to + places[n] * cut.columns);
    }

    return result;
  }
};

bool any_field(const at::Tensor& firsts) {
  const int32_t* first = firsts.data_ptr<int32_t>();
  for (int64_t field = 0; firsts.size(1) > 0 && field < firsts.size(0); field++) {
    if (first[field * firsts.size(1)] >= 0) return true;
  }

  return false;
}

at::Tensor field_linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& firsts, int64_t width,
                        bool relu) {
  TORCH_CHECK(firsts.device().is_cpu() && firsts.scalar_type() == at::kInt && firsts.is_contiguous(), "firsts must be int32 on the CPU");
  TORCH_CHECK(input.dim() == 2 && firsts.dim() == 2 && firsts.size(1) == input.size(0) && firsts.size(0) * width <= input.size(1),
              "firsts must be [fields, batch] for an input [batch, at least fields * width], but they are ", firsts.sizes(), " and ",
              input.sizes(), " with width ", width);
  const bool fused = any_field(firsts) && rst::is_plain(input) && rst::is_plain(weight) && rst::is_plain(bias) && !rst::autocast_enabled(c10::kCPU);
  if (fused) return FieldLinear::apply(input, weight, bias, firsts, width, relu);
  return relu ? rst::linear_relu(input, weight, bias) : at::linear(input, weight, bias);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def("field_linear(Tensor input, Tensor weight, Tensor bias, Tensor firsts, int width, bool relu) -> Tensor", field_linear);
}
