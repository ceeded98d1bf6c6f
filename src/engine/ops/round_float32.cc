// round_float32: through float32 and back, as a column that Python holds in float32.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class RoundFloat32 final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_width_f64());
    return std::make_unique<RoundFloat32>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t cells = rows * out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < cells; ++i) {
      y[i] = static_cast<double>(static_cast<float>(x[i]));
    }
  }
};
}  // namespace

extern const OpDef op_round_float32{
    .name = "round_float32", .version = 1, .load = RoundFloat32::load};
}  // namespace bascule
