// compare: 1 where the comparison holds, else 0, cell by cell: with a number per column, or with a
// second value. NaN compares as in numpy: only not_equal holds.
//
// Of a sparse block the stored cells are compared with a number per column; a comparison that holds
// for 0 is refused, since it would hold for every absent cell.
#include <array>

#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 6> kHow{"greater",    "greater_equal", "less",
                                               "less_equal", "equal",         "not_equal"};
enum class How : std::uint8_t { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual, kNotEqual };

class Compare final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    const bool stored = spec.has_tensor("by");
    BASCULE_CHECK_OK(spec.expect_inputs(stored ? 1 : 2));
    if (stored && spec.inputs()[0].kind == ValueKind::kCsr) {
      return load_csr(spec);
    }
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    std::span<const double> by;
    if (stored) {
      BASCULE_TRY(by, spec.floats("by", width));
    } else {
      BASCULE_TRY(const auto other, spec.input(1, ValueKind::kF64));
      if (other != width) {
        return spec.error("the inputs have {} and {} columns, expected as many", width, other);
      }
    }
    BASCULE_TRY(const auto how, spec.choice("how", kHow));
    spec.output(ValueType{ValueKind::kF64, width});
    return std::make_unique<Compare>(static_cast<How>(how), by);
  }

  Compare(How how, std::span<const double> by) : how_(how), by_(by) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    with_comparison(how_, [&](auto holds) {
      if (in[0].kind() == ValueKind::kCsr) {
        map_stored(rows, in[0], out[0].ragged(), refused,
                   [&](std::uint32_t col, double x) { return holds(x, by_[col]) ? 1.0 : 0.0; });
      } else {
        each(rows, in, out, holds);
      }
    });
  }

 private:
  static Result<std::unique_ptr<Op>> load_csr(OpSpec& spec) {
    const ValueType type = spec.inputs()[0];
    BASCULE_TRY(const auto by, spec.floats("by", type.width));
    BASCULE_TRY(const auto chosen, spec.choice("how", kHow));
    const auto how = static_cast<How>(chosen);
    for (std::size_t col = 0; col < by.size(); ++col) {
      bool absent = false;
      with_comparison(how, [&](auto holds) { absent = holds(0.0, by[col]); });
      if (absent) {
        return spec.error("the comparison holds for the absent cells of column {}", col);
      }
    }
    spec.output(type);
    return std::make_unique<Compare>(how, by);
  }

  // Calls `use` with the comparison as a function of two numbers.
  template <typename Use>
  static void with_comparison(How how, Use use) noexcept {
    switch (how) {
      case How::kGreater:
        return use([](double a, double b) { return a > b; });
      case How::kGreaterEqual:
        return use([](double a, double b) { return a >= b; });
      case How::kLess:
        return use([](double a, double b) { return a < b; });
      case How::kLessEqual:
        return use([](double a, double b) { return a <= b; });
      case How::kEqual:
        return use([](double a, double b) { return a == b; });
      case How::kNotEqual:
        return use([](double a, double b) { return a != b; });
    }
  }

  template <typename F>
  void each(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
            F holds) const noexcept {
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double* other = by_.empty() ? in[1].f64() + row * width : by_.data();
      for (std::size_t col = 0; col < width; ++col) {
        y[col] = holds(x[col], other[col]) ? 1.0 : 0.0;
      }
    }
  }

  How how_;
  std::span<const double> by_;  // [width] or empty, borrowed from the package
};
}  // namespace

extern const OpDef op_compare{.name = "compare", .version = 1, .load = Compare::load};
}  // namespace bascule
