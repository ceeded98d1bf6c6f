// find_all: what a pattern of Python's `re` finds in a text, as re.findall gives it.

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/pattern.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class FindAll final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(auto pattern, Pattern::load(spec));
    BASCULE_TRY(const auto column, spec.model_column("column"));
    spec.output(ValueType{ValueKind::kTokens, 1});
    return std::make_unique<FindAll>(std::move(pattern), column);
  }

  FindAll(Pattern pattern, std::int32_t column) : pattern_(std::move(pattern)), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& tokens = out[0].ragged();
    tokens.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        refused.mark(row, RowCode::kMissing, column_);
      }
      // A refused text may be of any size: it is not read.
      if (!refused.refused(row) && !pattern_.find_all(in[0].strings()[row], tokens, scratch)) {
        refused.mark(row, RowCode::kTooLong, column_);
        tokens.drop_row();
      }
      tokens.end_row();
    }
  }

 private:
  Pattern pattern_;
  std::int32_t column_;
};
}  // namespace

extern const OpDef op_find_all{.name = "find_all", .version = 1, .load = FindAll::load};
}  // namespace bascule
