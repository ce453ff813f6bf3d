// Dice, the activation of the Deep Interest Network: y = x * (p + (1 - p) * alpha) with p = sigmoid((x - mean) / sqrt(var + eps)),
// mean and var over the rows. Two passes over x forward and two backward; composed of operators it is some twenty.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fused.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose sums are kept in single precision: few enough to be exact, enough to stay in the first-level cache.
constexpr int64_t kChunk = 64;

// Parts of the rows that are summed side by side. Their number is fixed, so sums do not depend on the number of threads.
constexpr int64_t kParts = 16;

int64_t part_start(int64_t rows, int64_t part) { return rows * part / kParts; }

// Mean and sum of squared distances from it, per column, of a few rows.
RST_SIMD void chunk_moments(const float* __restrict x, int64_t rows, int64_t width, float* __restrict mean, float* __restrict squares) {
  for (int64_t i = 0; i < width; i++) mean[i] = squares[i] = 0;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < width; i++) mean[i] += x[r * width + i];
  }
  const float share = 1.f / static_cast<float>(rows);
  for (int64_t i = 0; i < width; i++) mean[i] *= share;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < width; i++) {
      const float distance = x[r * width + i] - mean[i];
      squares[i] += distance * distance;
    }
  }
}

struct Moments {
  explicit Moments(int64_t width) : mean(width), squares(width) {}

  // Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
  template <typename Number>
  void add(int64_t other_count, const Number* other_mean, const Number* other_squares) {
    if (other_count == 0) return;
    const double total = static_cast<double>(count + other_count);
    for (size_t i = 0; i < mean.size(); i++) {
      const double distance = other_mean[i] - mean[i];
      mean[i] += distance * other_count / total;
      squares[i] += other_squares[i] + distance * distance * count * other_count / total;
    }
    count += other_count;
  }

  int64_t count = 0;
  std::vector<double> mean, squares;
};

Moments moments_of(const float* x, int64_t rows, int64_t width) {
  std::vector<Moments> parts(kParts, Moments(width));
  at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> mean(width), squares(width);
    for (int64_t part = begin; part < end; part++) {
      const int64_t last = part_start(rows, part + 1);
      for (int64_t r = part_start(rows, part); r < last; r += kChunk) {
        const int64_t count = std::min(kChunk, last - r);
        chunk_moments(x + r * width, count, width, mean.data(), squares.data());
        parts[part].add(count, mean.data(), squares.data());
      }
    }
  });
  for (int64_t part = 1; part < kParts; part++) parts[0].add(parts[part].count, parts[part].mean.data(), parts[part].squares.data());
  return parts[0];
}

// Per column: mean, what single precision cuts off it, 1 / sqrt(var + eps), alpha. Where the spread is small the scale is large,
// and an error of the mean that is the same in every row adds up: the means are kept in two numbers.
struct Columns {
  const float *mean, *mean_rest, *scale, *alpha;
};

float rest_of(double value) { return static_cast<float>(value - static_cast<double>(static_cast<float>(value))); }

RST_SIMD void forward_rows(const float* __restrict x, int64_t rows, int64_t width, Columns columns, float* __restrict y) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    for (int64_t i = 0; i < width; i++) {
      const float p = rst::sigmoid_of(((x[i] - columns.mean[i]) - columns.mean_rest[i]) * columns.scale[i]);
      y[i] = x[i] * (columns.alpha[i] + p * (1.f - columns.alpha[i]));
    }
  }
}

// q is the gradient of the normalised x. Adds up q, q * normalised x and the gradient of alpha.
RST_SIMD void sum_rows(const float* __restrict x, const float* __restrict g, int64_t rows, int64_t width, Columns columns,
                       float* __restrict q_sum, float* __restrict product_sum, float* __restrict alpha_sum) {
  for (int64_t r = 0; r < rows; r++, x += width, g += width) {
    for (int64_t i = 0; i < width; i++) {
      const float normal = ((x[i] - columns.mean[i]) - columns.mean_rest[i]) * columns.scale[i];
      const float p = rst::sigmoid_of(normal);
      const float gx = g[i] * x[i];
      const float q = gx * (1.f - columns.alpha[i]) * p * (1.f - p);
      q_sum[i] += q;
      product_sum[i] += q * normal;
      alpha_sum[i] += gx * (1.f - p);
    }
  }
}

// The gradient of x, from the means over the rows of q and of q * normalised x.
RST_SIMD void backward_rows(const float* __restrict x, const float* __restrict g, int64_t rows, int64_t width, Columns columns,
                            const float* __restrict q_mean, const float* __restrict q_mean_rest, const float* __restrict product_mean,
                            float* __restrict result) {
  for (int64_t r = 0; r < rows; r++, x += width, g += width, result += width) {
    for (int64_t i = 0; i < width; i++) {
      const float normal = ((x[i] - columns.mean[i]) - columns.mean_rest[i]) * columns.scale[i];
      const float p = rst::sigmoid_of(normal);
      const float q = g[i] * x[i] * (1.f - columns.alpha[i]) * p * (1.f - p);
      result[i] = g[i] * (columns.alpha[i] + p * (1.f - columns.alpha[i])) +
                  columns.scale[i] * (((q - q_mean[i]) - q_mean_rest[i]) - normal * product_mean[i]);
    }
  }
}

template <typename Body>
void for_rows(int64_t rows, int64_t width, const Body& body) {
  at::parallel_for(0, rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)), body);
}

Columns columns_of(const at::Tensor& statistics, const at::Tensor& alpha) {
  const float* s = statistics.data_ptr<float>();
  return {s, s + alpha.numel(), s + 2 * alpha.numel(), alpha.data_ptr<float>()};
}

struct Dice : torch::autograd::Function<Dice> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& alpha, const at::Tensor& running_mean,
                            const at::Tensor& running_var, bool training, double momentum, double eps) {
    const int64_t rows = input.size(0), width = input.size(1);
    const float* x = input.data_ptr<float>();
    at::Tensor statistics = at::empty({3, width}, input.options());
    float *mean = statistics.data_ptr<float>(), *mean_rest = mean + width, *scale = mean + 2 * width;
    float *mean_average = running_mean.data_ptr<float>(), *var_average = running_var.data_ptr<float>();
    if (training) {
      const Moments moments = moments_of(x, rows, width);
      for (int64_t i = 0; i < width; i++) {
        mean[i] = static_cast<float>(moments.mean[i]);
        mean_rest[i] = rest_of(moments.mean[i]);
        scale[i] = static_cast<float>(1 / std::sqrt(moments.squares[i] / rows + eps));
        mean_average[i] += static_cast<float>(momentum * (moments.mean[i] - mean_average[i]));
        var_average[i] += static_cast<float>(momentum * (moments.squares[i] / std::max<int64_t>(1, rows - 1) - var_average[i]));
      }
    } else {
      for (int64_t i = 0; i < width; i++) {
        mean[i] = mean_average[i];
        mean_rest[i] = 0;
        scale[i] = static_cast<float>(1 / std::sqrt(var_average[i] + eps));
      }
    }

    at::Tensor result = at::empty_like(input);
    float* y = result.data_ptr<float>();
    const Columns columns = columns_of(statistics, alpha);
    for_rows(rows, width, [&](int64_t begin, int64_t end) { forward_rows(x + begin * width, end - begin, width, columns, y + begin * width); });
    context->save_for_backward({input, alpha, statistics});
    context->saved_data["training"] = training;
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &alpha = saved[1];
    const at::Tensor gradient = gradients[0].contiguous();
    const int64_t rows = input.size(0), width = input.size(1);
    const float *x = input.data_ptr<float>(), *g = gradient.data_ptr<float>();
    const Columns columns = columns_of(saved[2], alpha);

    // Per part: sums of q, of q * normalised x, and of the gradient of alpha.
    std::vector<double> sums(kParts * 3 * width);
    at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> chunk(3 * width);
      for (int64_t part = begin; part < end; part++) {
        const int64_t last = part_start(rows, part + 1);
        for (int64_t r = part_start(rows, part); r < last; r += kChunk) {
          std::fill(chunk.begin(), chunk.end(), 0.f);
          sum_rows(x + r * width, g + r * width, std::min(kChunk, last - r), width, columns, chunk.data(), chunk.data() + width,
                   chunk.data() + 2 * width);
          for (int64_t i = 0; i < 3 * width; i++) sums[part * 3 * width + i] += chunk[i];
        }
      }
    });
    for (int64_t part = 1; part < kParts; part++) {
      for (int64_t i = 0; i < 3 * width; i++) sums[i] += sums[part * 3 * width + i];
    }

    // In evaluation the statistics are constants: nothing flows back through them.
    const double share = context->saved_data["training"].toBool() ? 1. / static_cast<double>(rows) : 0.;
    std::vector<float> q_mean(width), q_mean_rest(width), product_mean(width);
    for (int64_t i = 0; i < width; i++) {
      q_mean[i] = static_cast<float>(sums[i] * share);
      q_mean_rest[i] = rest_of(sums[i] * share);
      product_mean[i] = static_cast<float>(sums[width + i] * share);
    }

    at::Tensor alpha_gradient = at::empty_like(alpha);
    std::copy_n(sums.begin() + 2 * width, width, alpha_gradient.data_ptr<float>());

    at::Tensor input_gradient = at::empty_like(input);
    float* result = input_gradient.data_ptr<float>();
    for_rows(rows, width, [&](int64_t begin, int64_t end) {
      backward_rows(x + begin * width, g + begin * width, end - begin, width, columns, q_mean.data(), q_mean_rest.data(),
                    product_mean.data(), result + begin * width);
    });
    return {input_gradient, alpha_gradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor dice(const at::Tensor& input, const at::Tensor& alpha, const at::Tensor& running_mean, const at::Tensor& running_var,
                bool training, double momentum, double eps) {
  TORCH_CHECK(input.dim() == 2 && alpha.dim() == 1 && input.size(1) == alpha.size(0), "input must have the shape [rows, width] and alpha [width], but they are ",
              input.sizes(), " and ", alpha.sizes());
  if (input.size(0) > 0 && rst::is_plain(input) && rst::is_plain(alpha) && rst::is_plain(running_mean) && rst::is_plain(running_var))
    return Dice::apply(input, alpha, running_mean, running_var, training, momentum, eps);
  const at::Tensor p = at::sigmoid(at::batch_norm(input, {}, {}, running_mean, running_var, training, momentum, eps, false));
  return (p + (1 - p) * alpha) * input;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(recsys, library) {
  library.def(
      "dice(Tensor input, Tensor alpha, Tensor(a!) running_mean, Tensor(b!) running_var, bool training, float momentum, float eps) -> Tensor",
      dice);
}
