// tokenize: the words of a text.
//
// The pattern `word` is every longest run of word characters that has `fewest` or more of them:
// two, when it is not given, as in scikit-learn's default, (?u)\b\w\w+\b.

#include <algorithm>
#include <array>
#include <bit>

#include "base/utf8.h"
#include "engine/kernels/word_kernels.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/unicode.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 1> kPatterns = {"word"};
constexpr std::int64_t kFewest = 2;
constexpr std::int64_t kFewestMost = 1'048'576;
constexpr std::size_t kBytes = 64;  // that a kernel looks at together

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
      : unicode_(unicode),
        fewest_(fewest),
        column_(column),
        kernels_(word_kernels(best_cpu_level())) {}

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
    // Bit i of `changes` is set where byte i is of a word and the one before is not, or the
    // reverse.
    std::size_t start = 0;
    bool inside = false;
    bool room = true;
    std::uint64_t last = 0;
    for (std::size_t first = 0; first < text.size(); first += kBytes) {
      std::array<char, kBytes> rest;
      const char* bytes = text.data() + first;
      if (text.size() - first < kBytes) {
        rest.fill(' ');
        std::copy(bytes, text.data() + text.size(), rest.data());
        bytes = rest.data();
      }
      const WordBits found = kernels_.bits(bytes);
      if (!found.ascii) {
        tokens.drop_row();
        return add_words_of_any(text, tokens);
      }
      std::uint64_t changes = found.words ^ (found.words << 1 | last);
      last = found.words >> (kBytes - 1);
      for (; changes != 0; changes &= changes - 1, inside = !inside) {
        const std::size_t at = first + static_cast<std::size_t>(std::countr_zero(changes));
        if (inside) {
          room &= add_word(text, start, at, at - start, tokens);
        }
        start = at;
      }
    }
    return inside ? room && add_word(text, start, text.size(), text.size() - start, tokens) : room;
  }

  bool add_word(std::string_view text, std::size_t start, std::size_t end, std::size_t characters,
                Ragged& tokens) const noexcept {
    return characters < fewest_ || tokens.push_token(text.substr(start, end - start));
  }

  bool add_words_of_any(std::string_view text, Ragged& tokens) const noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t start = at;
      std::size_t end = at;
      std::size_t characters = 0;
      while (at < text.size() && takes_word(text, at)) {
        end = at;
        ++characters;
      }
      if (characters > 0 && !add_word(text, start, end, characters, tokens)) {
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
      return unicode_.is_word(byte);
    }
    return unicode_.is_word(next_code_point(text, at));
  }

  const Unicode& unicode_;
  std::size_t fewest_;
  std::int32_t column_;
  const WordKernels& kernels_;
};
}  // namespace

extern const OpDef op_tokenize{.name = "tokenize", .version = 1, .load = Tokenize::load};
}  // namespace bascule
