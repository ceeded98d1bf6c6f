// with_complement: out = [1 - p, p]: the two columns of predict_proba of a yes/no model.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class WithComplement final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    spec.output(ValueType{ValueKind::kF64, 2});
    return std::make_unique<WithComplement>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* p = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      *y++ = 1.0 - p[row];
      *y++ = p[row];
    }
  }
};
}  // namespace

extern const OpDef op_with_complement{
    .name = "with_complement", .version = 1, .load = WithComplement::load};
}  // namespace bascule
