// char_ngrams: every run of `low` to `high` characters (code points) of a text.
//
// Two or more characters of space count as one " ". With `within_words` a text is cut at space,
// and runs stay within a word with a space on either side; a run of the whole word counts once,
// though it may be shorter than asked for. Source: _VectorizerMixin._char_ngrams and
// _char_wb_ngrams.

#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/unicode.h"

namespace bascule {
namespace {
constexpr std::int64_t kLongest = 1'024;

class CharNgrams final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(const auto low, spec.integer("low", 1, kLongest));
    BASCULE_TRY(const auto high, spec.integer("high", low, kLongest));
    BASCULE_TRY(const auto within_words, spec.boolean("within_words", false));
    BASCULE_TRY(const auto* unicode, load_unicode(spec));
    BASCULE_TRY(const auto column, spec.model_column("column"));
    spec.output(ValueType{ValueKind::kTokens, 1});
    return std::make_unique<CharNgrams>(static_cast<std::size_t>(low),
                                        static_cast<std::size_t>(high), within_words, *unicode,
                                        column);
  }

  CharNgrams(std::size_t low, std::size_t high, bool within_words, const Unicode& unicode,
             std::int32_t column)
      : low_(low), high_(high), within_words_(within_words), unicode_(unicode), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& ngrams = out[0].ragged();
    ngrams.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        refused.mark(row, RowCode::kMissing, column_);
      }
      // A refused text may be of any size: it is not read.
      if (!refused.refused(row) && !add_text(in[0].strings()[row], ngrams, scratch)) {
        refused.mark(row, RowCode::kTooLong, column_);
        ngrams.drop_row();
      }
      ngrams.end_row();
    }
  }

 private:
  // Characters side by side: where each starts, and where one more would.
  class Characters {
   public:
    Characters(char* bytes, std::uint32_t* starts) noexcept : bytes_(bytes), starts_(starts) {
      starts_[0] = 0;
    }
    void push(std::string_view character) noexcept {
      const std::uint32_t at = starts_[count_];
      std::memcpy(bytes_ + at, character.data(), character.size());
      starts_[++count_] = at + static_cast<std::uint32_t>(character.size());
    }
    std::size_t count() const noexcept { return count_; }
    std::string_view run(std::size_t first, std::size_t length) const noexcept {
      return {bytes_ + starts_[first], starts_[first + length] - starts_[first]};
    }

   private:
    char* bytes_;
    std::uint32_t* starts_;
    std::size_t count_ = 0;
  };

  // False when there is no room.
  bool add_text(std::string_view text, Ragged& ngrams, Scratch& scratch) const noexcept {
    const std::size_t room = text.size() + 2;  // a space before the first word, and after the last
    char* bytes = scratch.bytes(room);
    std::uint32_t* starts = scratch.words(room + 1);
    if (bytes == nullptr || starts == nullptr) {
      return false;
    }
    Characters all(bytes, starts);
    return within_words_ ? add_words(text, all, ngrams) : add_all(text, all, ngrams);
  }

  bool add_all(std::string_view text, Characters& all, Ragged& ngrams) const noexcept {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t start = at;
      const bool space = unicode_.is_space(next_code_point(text, at));
      const std::size_t end = at;
      while (space && at < text.size()) {
        const std::size_t next = at;
        if (!unicode_.is_space(next_code_point(text, at))) {
          at = next;
          break;
        }
      }
      all.push(at == end ? text.substr(start, end - start) : " ");
    }
    for (std::size_t n = low_; n <= std::min(high_, all.count()); ++n) {
      if (!add_runs(all, 0, all.count(), n, ngrams)) {
        return false;
      }
    }
    return true;
  }

  bool add_words(std::string_view text, Characters& all, Ragged& ngrams) const noexcept {
    all.push(" ");
    std::size_t first = 0;  // the space before the word that is being read
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t start = at;
      if (!unicode_.is_space(next_code_point(text, at))) {
        all.push(text.substr(start, at - start));
        if (at < text.size()) {
          continue;
        }
      }
      if (all.count() == first + 1) {
        continue;  // more space
      }
      all.push(" ");
      if (!add_word(all, first, all.count() - first, ngrams)) {
        return false;
      }
      first = all.count() - 1;
    }
    return true;
  }

  bool add_word(const Characters& all, std::size_t first, std::size_t count,
                Ragged& ngrams) const noexcept {
    for (std::size_t n = low_; n <= high_; ++n) {
      if (n >= count) {
        return ngrams.push_token(all.run(first, count));
      }
      if (!add_runs(all, first, count, n, ngrams)) {
        return false;
      }
    }
    return true;
  }

  static bool add_runs(const Characters& all, std::size_t first, std::size_t count, std::size_t n,
                       Ragged& ngrams) noexcept {
    for (std::size_t i = first; i + n <= first + count; ++i) {
      if (!ngrams.push_token(all.run(i, n))) {
        return false;
      }
    }
    return true;
  }

  std::size_t low_;
  std::size_t high_;
  bool within_words_;
  const Unicode& unicode_;
  std::int32_t column_;
};
}  // namespace

extern const OpDef op_char_ngrams{.name = "char_ngrams", .version = 1, .load = CharNgrams::load};
}  // namespace bascule
