// word_ngrams: every run of `low` to `high` neighbouring tokens, joined by a space.
//
// Shorter runs come first, each length from left to right, as CountVectorizer lists them. The
// tokens of a row are joined once: every run is a piece of that text. Words that were cut from a
// text with a space between any two are pieces of it already.

#include <algorithm>
#include <cstring>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::int64_t kLongest = 1'024;

class WordNgrams final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kTokens));
    BASCULE_TRY(const auto low, spec.integer("low", 1, kLongest));
    BASCULE_TRY(const auto high, spec.integer("high", low, kLongest));
    spec.output(ValueType{ValueKind::kTokens, 1});
    return std::make_unique<WordNgrams>(static_cast<std::size_t>(low),
                                        static_cast<std::size_t>(high));
  }

  WordNgrams(std::size_t low, std::size_t high) : low_(low), high_(high) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& ngrams = out[0].ragged();
    ngrams.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = in[0].starts()[row];
      const std::span tokens(in[0].tokens() + first, in[0].starts()[row + 1] - first);
      if (!add_row(tokens, ngrams, scratch)) {
        refused.mark(row, RowCode::kTooLong);
        ngrams.drop_row();
      }
      ngrams.end_row();
    }
  }

 private:
  // False when there is no room.
  bool add_row(std::span<const std::string_view> tokens, Ragged& ngrams,
               Scratch& scratch) const noexcept {
    if (tokens.size() < low_) {
      return true;
    }
    // Where each token starts in the joined text, and where one more would.
    std::uint32_t* starts = scratch.words(tokens.size() + 1);
    if (starts == nullptr) {
      return false;
    }
    std::size_t size = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      starts[i] = static_cast<std::uint32_t>(size);
      size += tokens[i].size() + 1;
    }
    if (size > std::numeric_limits<std::uint32_t>::max()) {
      return false;
    }
    starts[tokens.size()] = static_cast<std::uint32_t>(size);
    const char* joined = tokens[0].data();
    if (!are_joined(tokens, starts)) {
      joined = join(tokens, starts, scratch);
      if (joined == nullptr) {
        return false;
      }
    }
    for (std::size_t n = low_; n <= std::min(high_, tokens.size()); ++n) {
      for (std::size_t i = 0; i + n <= tokens.size(); ++i) {
        const std::string_view ngram(joined + starts[i], starts[i + n] - 1 - starts[i]);
        if (!ngrams.push_token(ngram)) {
          return false;
        }
      }
    }
    return true;
  }

  // Whether the tokens stand in one text, each a space behind the one before.
  static bool are_joined(std::span<const std::string_view> tokens,
                         const std::uint32_t* starts) noexcept {
    const char* first = tokens[0].data();
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      if (tokens[i].data() != first + starts[i] || first[starts[i] - 1] != ' ') {
        return false;
      }
    }
    return true;
  }

  // Null when there is no memory.
  static const char* join(std::span<const std::string_view> tokens, const std::uint32_t* starts,
                          Scratch& scratch) noexcept {
    char* joined = scratch.bytes(starts[tokens.size()]);
    for (std::size_t i = 0; joined != nullptr && i < tokens.size(); ++i) {
      std::memcpy(joined + starts[i], tokens[i].data(), tokens[i].size());
      joined[starts[i + 1] - 1] = ' ';
    }
    return joined;
  }

  std::size_t low_;
  std::size_t high_;
};
}  // namespace

extern const OpDef op_word_ngrams{.name = "word_ngrams", .version = 1, .load = WordNgrams::load};
}  // namespace bascule
