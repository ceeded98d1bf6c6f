// drop_tokens: the tokens that are not among `words` (stop words); their order stays.

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/string_index.h"

namespace bascule {
namespace {
class DropTokens final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kTokens));
    BASCULE_TRY(const auto words, spec.strings("words"));
    auto index = StringIndex::build(words);
    if (!index) {
      return spec.error("'words' {}", index.error().message);
    }
    spec.output(ValueType{ValueKind::kTokens, 1});
    return std::make_unique<DropTokens>(*std::move(index));
  }

  explicit DropTokens(StringIndex words) : words_(std::move(words)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    Ragged& kept = out[0].ragged();
    kept.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      for (auto at = in[0].starts()[row]; at < in[0].starts()[row + 1]; ++at) {
        const std::string_view token = in[0].tokens()[at];
        if (words_.find(token) >= 0 || kept.push_token(token)) {
          continue;
        }
        refused.mark(row, RowCode::kNoMemory);
        kept.drop_row();
        break;
      }
      kept.end_row();
    }
  }

 private:
  StringIndex words_;
};
}  // namespace

extern const OpDef op_drop_tokens{.name = "drop_tokens", .version = 1, .load = DropTokens::load};
}  // namespace bascule
