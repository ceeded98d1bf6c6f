// take: the number that belongs to the row's code; `otherwise` where there is none.

#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Take final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    BASCULE_TRY(const auto values, spec.floats("values", code_count(spec)));
    BASCULE_TRY(const auto otherwise, spec.floats("otherwise", 1));
    spec.output(ValueType{ValueKind::kF64, 1});
    return std::make_unique<Take>(values, otherwise[0]);
  }

  Take(std::span<const double> values, double otherwise) : values_(values), otherwise_(otherwise) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t at = table_position(in[0], row, values_.size());
      y[row] = at < values_.size() ? values_[at] : otherwise_;
    }
  }

 private:
  std::span<const double> values_;  // per code, borrowed from the package
  double otherwise_;
};
}  // namespace

extern const OpDef op_take{.name = "take", .version = 1, .load = Take::load};
}  // namespace bascule
