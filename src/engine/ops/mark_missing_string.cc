// mark_missing_string: a text that equals `value` becomes missing; all others stay.
//
// For columns that write a missing text as a text, such as "?". A text that is missing already
// stays so, or refuses the row with `refuse_missing`.
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class MarkMissingString final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto value, spec.text("value"));
    BASCULE_TRY(const auto refuse_missing, spec.boolean("refuse_missing", false));
    BASCULE_TRY(const auto column, spec.model_column("column"));
    spec.output(ValueType{ValueKind::kStrings, 1});
    return std::make_unique<MarkMissingString>(value, refuse_missing, column);
  }

  MarkMissingString(std::string_view value, bool refuse_missing, std::int32_t column)
      : value_(value), refuse_missing_(refuse_missing), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::string_view* x = in[0].strings();
    std::string_view* y = out[0].strings();
    for (std::size_t row = 0; row < rows; ++row) {
      const bool known = in[0].is_valid(row);
      if (!known && refuse_missing_) {
        refused.mark(row, RowCode::kMissing, column_);
      }
      const bool kept = known && x[row] != value_;
      y[row] = kept ? x[row] : std::string_view();
      out[0].valid()[row] = kept ? 1 : 0;
    }
  }

 private:
  std::string_view value_;  // borrowed from the manifest, which the plan holds
  bool refuse_missing_;
  std::int32_t column_;
};
}  // namespace

extern const OpDef op_mark_missing_string{
    .name = "mark_missing_string", .version = 1, .load = MarkMissingString::load};
}  // namespace bascule
