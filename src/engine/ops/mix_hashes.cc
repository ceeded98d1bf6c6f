// mix_hashes: one 64-bit hash of several integers, for combinations of categories.
//
// From 0 on h becomes K (h + K x) for each input x, in 64 bits that wrap. A missing one is a 0.
// Source: CalcHash in catboost/libs/model/hash.h.

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::uint64_t kFactor = 0x4906ba494954cb65;

class MixHashes final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    if (spec.inputs().empty()) {
      return spec.error("has no input, expected one at least");
    }
    for (std::size_t i = 0; i < spec.inputs().size(); ++i) {
      BASCULE_CHECK_OK(spec.single(i, ValueKind::kI64));
    }
    spec.output(ValueType{ValueKind::kI64});
    return std::make_unique<MixHashes>();
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      std::uint64_t hash = 0;
      for (const View& x : in) {
        const auto part = static_cast<std::uint64_t>(x.is_valid(row) ? x.i64()[row] : 0);
        hash = kFactor * (hash + kFactor * part);
      }
      y[row] = static_cast<std::int64_t>(hash);
    }
  }
};
}  // namespace

extern const OpDef op_mix_hashes{.name = "mix_hashes", .version = 1, .load = MixHashes::load};
}  // namespace bascule
