// add_stored: out = in + by, for the stored cells of a sparse block only.
#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class AddStored final : public Op {
 public:
  explicit AddStored(double by) : by_(by) {}

  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kCsr));
    BASCULE_TRY(const auto by, spec.number("by"));
    spec.output(ValueType{ValueKind::kCsr, width});
    return std::make_unique<AddStored>(by);
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    map_stored(rows, in[0], out[0].ragged(), refused,
               [&](std::uint32_t /*column*/, double x) { return x + by_; });
  }

 private:
  double by_;
};
}  // namespace

extern const OpDef op_add_stored{.name = "add_stored", .version = 1, .load = AddStored::load};
}  // namespace bascule
