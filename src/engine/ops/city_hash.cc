// city_hash: the low 32 bits of CityHash64 of a text, read as a signed number.
//
// An integer or a boolean is hashed as its decimal digits, as CatBoost hashes categories. A missing
// one refuses the row. Source: CalcCatFeatureHash in catboost/libs/cat_feature.

#include "engine/city_hash.h"

#include <array>
#include <charconv>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"

namespace bascule {
namespace {
class CityHash final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueKind kind = spec.inputs()[0].kind;
    if (kind != ValueKind::kI64 && kind != ValueKind::kBool) {
      BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    } else {
      BASCULE_CHECK_OK(spec.single(0, kind));
    }
    BASCULE_TRY(const auto column, spec.model_column("column"));
    spec.output(ValueType::codes(std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max()));
    return std::make_unique<CityHash>(column);
  }

  explicit CityHash(std::int32_t column) : column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        refused.mark(row, RowCode::kMissing, column_);
        y[row] = 0;
        continue;
      }
      y[row] = hash(in[0], row);
    }
  }

 private:
  static std::int32_t hash(const View& x, std::size_t row) noexcept {
    if (x.kind() == ValueKind::kStrings) {
      return low_half(x.strings()[row]);
    }
    const std::int64_t number =
        x.kind() == ValueKind::kI64 ? x.i64()[row] : std::int64_t{x.boolean()[row]};
    std::array<char, 20> digits{};  // the longest is -2^63
    const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    return low_half({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }

  static std::int32_t low_half(std::string_view text) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(city_hash_64(text)));
  }

  std::int32_t column_;
};
}  // namespace

extern const OpDef op_city_hash{.name = "city_hash", .version = 1, .load = CityHash::load};
}  // namespace bascule
