// What a version of Python knows of characters: word characters for `\w`, space for `\s`,
// `str.lower`, and what is left of a character without its accents.
//
// A tokenizer must cut and fold exactly as the Python that trained it, whose tables come with its
// Unicode version; so a package names the version, and each known one is a generated file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace bascule {
class OpSpec;

struct CodeRange {
  std::uint32_t first;
  std::uint32_t last;
};

// Every `step`-th code from first to last has the lower case code + delta.
struct LowerRange {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t step;
  std::int32_t delta;
};

struct Unicode {
  std::string_view version;
  std::span<const CodeRange> word;
  std::span<const CodeRange> cased;           // and not case-ignorable
  std::span<const CodeRange> case_ignorable;  // what the rule of the final sigma looks through
  std::span<const LowerRange> lower;          // one to one
  std::span<const CodeRange> space;
  // Stripping accents makes of accented[i], which ascend, stripped[starts[i]] to [starts[i + 1]].
  std::span<const std::uint32_t> accented;
  std::span<const std::uint16_t> stripped_starts;
  std::span<const std::uint32_t> stripped;

  // Python's \w: str.isalnum, or the underscore.
  bool is_word(std::uint32_t code) const noexcept;
  // Python's \s: str.isspace.
  bool is_space(std::uint32_t code) const noexcept;
};

// unicodedata.unidata_version 14.0.0: Python 3.11.
extern const Unicode unicode_14;

// The tables that the attribute `unicode` of a node names.
Result<const Unicode*> load_unicode(OpSpec& spec);

// How many bytes `lower` may need for a text.
constexpr std::size_t lower_bytes(std::size_t bytes) noexcept {
  return bytes + bytes / 2 + 1;
}
// Writes Python's `text.lower()` to `out`, which has room for lower_bytes(text.size()); returns its
// size. Bytes that are not UTF-8 stay.
std::size_t lower(const Unicode& unicode, std::string_view text, char* out) noexcept;
// False only when `text.lower()` is certainly `text`.
bool may_change_in_lower(std::string_view text) noexcept;

// How many bytes `strip_accents` may need for a text: U+FDFA becomes 11 times as long.
constexpr std::size_t stripped_bytes(std::size_t bytes) noexcept {
  return 11 * bytes;
}
// Writes `text` without accents to `out`, which has room for stripped_bytes(text.size()); returns
// its size. As scikit-learn's strip_accents_unicode (NFKD, and nothing that combines), or, with
// `ascii`, strip_accents_ascii, which keeps only ASCII of that.
std::size_t strip_accents(const Unicode& unicode, std::string_view text, bool ascii,
                          char* out) noexcept;
bool is_ascii(std::string_view text) noexcept;

}  // namespace bascule
