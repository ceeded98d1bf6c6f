// log: out = log(in), the C library's; of a sparse block the stored cells, as TfidfTransformer does
// with sublinear counts.
//
// numpy's own SIMD log differs from it by up to 2 ULP: tier T1.
#include <cmath>

#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Log final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_f64_or_csr());
    return std::make_unique<Log>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      map_stored(rows, in[0], out[0].ragged(), refused,
                 [](std::uint32_t /*column*/, double x) { return std::log(x); });
      return;
    }
    const std::size_t cells = rows * out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t i = 0; i < cells; ++i) {
      y[i] = std::log(x[i]);
    }
  }
};
}  // namespace

extern const OpDef op_log{.name = "log", .version = 1, .load = Log::load};
}  // namespace bascule
