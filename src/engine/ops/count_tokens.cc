// count_tokens: how often each word of the vocabulary stands among the tokens of a row.
//
// Sparse, columns ascending, as CountVectorizer.transform sorts them; `binary` gives 1 for any
// count.

#include <algorithm>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/string_index.h"

namespace bascule {
namespace {
class CountTokens final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kTokens));
    BASCULE_TRY(const auto binary, spec.boolean("binary", false));
    BASCULE_TRY(const auto vocabulary, spec.strings("vocabulary"));
    auto index = StringIndex::build(vocabulary);
    if (!index) {
      return spec.error("'vocabulary' {}", index.error().message);
    }
    spec.output(ValueType{ValueKind::kCsr, vocabulary.size()});
    return std::make_unique<CountTokens>(*std::move(index), binary);
  }

  CountTokens(StringIndex vocabulary, bool binary)
      : vocabulary_(std::move(vocabulary)), binary_(binary) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& counts = out[0].ragged();
    counts.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = in[0].starts()[row];
      const std::span tokens(in[0].tokens() + first, in[0].starts()[row + 1] - first);
      if (!count_row(tokens, counts, scratch)) {
        refused.mark(row, RowCode::kNoMemory);
        counts.drop_row();
      }
      counts.end_row();
    }
  }

 private:
  // False when there is no memory.
  bool count_row(std::span<const std::string_view> tokens, Ragged& counts,
                 Scratch& scratch) const noexcept {
    std::uint32_t* columns = scratch.words(tokens.size());
    if (columns == nullptr) {
      return tokens.empty();
    }
    std::size_t known = 0;
    for (const auto& token : tokens) {
      const std::int32_t column = vocabulary_.find(token);
      if (column >= 0) {
        columns[known++] = static_cast<std::uint32_t>(column);
      }
    }
    std::sort(columns, columns + known);
    for (std::size_t i = 0; i < known;) {
      const std::size_t run_start = i;
      while (i < known && columns[i] == columns[run_start]) {
        ++i;
      }
      const double count = binary_ ? 1.0 : static_cast<double>(i - run_start);
      if (!counts.push_cell(columns[run_start], count)) {
        return false;
      }
    }
    return true;
  }

  StringIndex vocabulary_;
  bool binary_;
};
}  // namespace

extern const OpDef op_count_tokens{.name = "count_tokens", .version = 1, .load = CountTokens::load};
}  // namespace bascule
