// greater: 1 where in > than, else 0; NaN is not greater.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Greater final : public Op {
 public:
  explicit Greater(double than) : than_(than) {}

  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_TRY(const auto than, spec.number("than"));
    spec.output(ValueType::codes(0, 1));
    return std::make_unique<Greater>(than);
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      y[row] = x[row] > than_ ? 1 : 0;
    }
  }

 private:
  double than_;
};
}  // namespace

extern const OpDef op_greater{.name = "greater", .version = 1, .load = Greater::load};
}  // namespace bascule
