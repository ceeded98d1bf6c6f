// is_missing: 1 where a number is NaN or a text is missing, else 0.

#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class IsMissing final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kStrings) {
      return spec.error("input 0 is {}, expected f64 or string", value_type_name(type));
    }
    spec.output(ValueType{ValueKind::kF64, type.width});
    return std::make_unique<IsMissing>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t cells = rows * out[0].width();
    double* y = out[0].f64();
    if (in[0].kind() == ValueKind::kStrings) {
      for (std::size_t i = 0; i < cells; ++i) {
        y[i] = in[0].is_valid(i) ? 0 : 1;
      }
      return;
    }
    const double* x = in[0].f64();
    for (std::size_t i = 0; i < cells; ++i) {
      y[i] = std::isnan(x[i]) ? 1 : 0;
    }
  }
};
}  // namespace

extern const OpDef op_is_missing{.name = "is_missing", .version = 1, .load = IsMissing::load};
}  // namespace bascule
