// linear: out = weights * in + bias.
//
// Products are added in column order, from 0; the bias comes last. A sparse block adds its stored
// cells. numpy adds in an order that depends on its BLAS: tier T1.

#include <algorithm>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Linear final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
      return spec.error("input 0 is {}, expected f64 or csr", value_type_name(type));
    }
    BASCULE_TRY(const auto weights, spec.matrix("weights", OpSpec::kAny, type.width));
    const std::size_t outputs = weights.size() / type.width;
    std::span<const double> bias;
    if (spec.has_tensor("bias")) {
      BASCULE_TRY(bias, spec.floats("bias", outputs));
    }
    spec.output(ValueType{ValueKind::kF64, outputs});
    return std::make_unique<Linear>(by_column(weights, type.width, outputs), outputs, bias);
  }

  Linear(std::vector<double> by_column, std::size_t outputs, std::span<const double> bias)
      : by_column_(std::move(by_column)), outputs_(outputs), bias_(bias) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    double* y = out[0].f64();
    std::fill_n(y, rows * outputs_, 0.0);
    for (std::size_t row = 0; row < rows; ++row, y += outputs_) {
      if (in[0].kind() == ValueKind::kCsr) {
        for (auto at = in[0].starts()[row]; at < in[0].starts()[row + 1]; ++at) {
          add_column(in[0].csr_columns()[at], in[0].csr_values()[at], y);
        }
      } else {
        const double* x = in[0].f64() + row * in[0].width();
        for (std::size_t col = 0; col < in[0].width(); ++col) {
          add_column(col, x[col], y);
        }
      }
      for (std::size_t k = 0; k < bias_.size(); ++k) {
        y[k] += bias_[k];
      }
    }
  }

 private:
  // [outputs, width] -> [width, outputs]: what one input column adds to stands side by side.
  static std::vector<double> by_column(std::span<const double> weights, std::size_t width,
                                       std::size_t outputs) {
    std::vector<double> transposed(weights.size());
    for (std::size_t k = 0; k < outputs; ++k) {
      for (std::size_t col = 0; col < width; ++col) {
        transposed[col * outputs + k] = weights[k * width + col];
      }
    }
    return transposed;
  }

  void add_column(std::size_t col, double x, double* y) const noexcept {
    const double* weights = by_column_.data() + col * outputs_;
    for (std::size_t k = 0; k < outputs_; ++k) {
      y[k] += weights[k] * x;
    }
  }

  std::vector<double> by_column_;
  std::size_t outputs_;
  std::span<const double> bias_;  // [outputs] or empty, borrowed from the package
};
}  // namespace

extern const OpDef op_linear{.name = "linear", .version = 1, .load = Linear::load};
}  // namespace bascule
