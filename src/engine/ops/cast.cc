// cast: numbers of another type as float64; missing becomes NaN.
//
// Exact for float32 and booleans; int64 rounds to nearest, as numpy's astype does.

#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <typename T>
void widen(const View& in, const T* x, double* y, std::size_t cells) noexcept {
  for (std::size_t i = 0; i < cells; ++i) {
    y[i] = in.is_valid(i) ? static_cast<double>(x[i]) : kNaN;
  }
}

class Cast final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kF32 && type.kind != ValueKind::kI64 &&
        type.kind != ValueKind::kBool) {
      return spec.error("input 0 is {}, expected f32, i64 or bool", value_type_name(type));
    }
    spec.output(ValueType{ValueKind::kF64, type.width});
    return std::make_unique<Cast>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t cells = rows * out[0].width();
    double* y = out[0].f64();
    if (in[0].kind() == ValueKind::kF32) {
      widen(in[0], in[0].f32(), y, cells);
    } else if (in[0].kind() == ValueKind::kI64) {
      widen(in[0], in[0].i64(), y, cells);
    } else {
      widen(in[0], in[0].boolean(), y, cells);
    }
  }
};
}  // namespace

extern const OpDef op_cast{.name = "cast", .version = 1, .load = Cast::load};
}  // namespace bascule
