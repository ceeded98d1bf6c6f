// tokenize: the words of a text.
//
// The pattern `word` is every longest run of word characters that has `fewest` or more of them:
// two, when it is not given, as in scikit-learn's default, (?u)\b\w\w+\b.

#include <array>

#include "base/utf8.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/unicode.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 1> kPatterns = {"word"};
constexpr std::int64_t kFewest = 2;
constexpr std::int64_t kFewestMost = 1'048'576;

constexpr std::array<bool, 0x80> kAsciiWord = [] {
  std::array<bool, 0x80> word{};
  for (std::size_t c = 0; c < word.size(); ++c) {
    const auto letter = c | 0x20;
    word[c] = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }
  return word;
}();

class Tokenize final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_CHECK_OK(spec.choice("pattern", kPatterns));
    std::int64_t fewest = kFewest;
    if (spec.has("fewest")) {
      BASCULE_TRY(fewest, spec.integer("fewest", 1, kFewestMost));
    }
    BASCULE_TRY(const auto* unicode, load_unicode(spec));
    BASCULE_TRY(const auto column, spec.model_column("column"));
    spec.output(ValueType{ValueKind::kTokens, 1});
    return std::make_unique<Tokenize>(*unicode, static_cast<std::size_t>(fewest), column);
  }

  Tokenize(const Unicode& unicode, std::size_t fewest, std::int32_t column)
      : unicode_(unicode), fewest_(fewest), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    Ragged& tokens = out[0].ragged();
    tokens.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        refused.mark(row, RowCode::kMissing, column_);
      }
      // A refused text may be of any size: it is not read.
      if (!refused.refused(row) && !add_words(in[0].strings()[row], tokens)) {
        refused.mark(row, RowCode::kTooLong, column_);
        tokens.drop_row();
      }
      tokens.end_row();
    }
  }

 private:
  // False when there is no room.
  bool add_words(std::string_view text, Ragged& tokens) const noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t start = at;
      std::size_t end = at;
      std::size_t characters = 0;
      while (at < text.size() && takes_word(text, at)) {
        end = at;
        ++characters;
      }
      if (characters < fewest_) {
        continue;
      }
      if (!tokens.push_token(text.substr(start, end - start))) {
        return false;
      }
    }
    return true;
  }

  // Moves behind the character at `at`; whether it is one of a word.
  bool takes_word(std::string_view text, std::size_t& at) const noexcept {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      ++at;
      return kAsciiWord[byte];
    }
    return unicode_.is_word(next_code_point(text, at));
  }

  const Unicode& unicode_;
  std::size_t fewest_;
  std::int32_t column_;
};
}  // namespace

extern const OpDef op_tokenize{.name = "tokenize", .version = 1, .load = Tokenize::load};
}  // namespace bascule
