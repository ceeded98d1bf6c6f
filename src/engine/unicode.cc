#include "engine/unicode.h"

#include <algorithm>

#include "base/utf8.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::uint32_t kCapitalSigma = 0x3A3;
constexpr std::uint32_t kSmallSigma = 0x3C3;
constexpr std::uint32_t kFinalSigma = 0x3C2;
constexpr std::uint32_t kDottedCapitalI = 0x130;  // becomes "i" and a combining dot above
constexpr std::uint32_t kCombiningDotAbove = 0x307;
// Hangul syllables: NFKD takes them apart by a formula (the Unicode standard, section 3.12).
constexpr std::uint32_t kFirstSyllable = 0xAC00;
constexpr std::uint32_t kLastSyllable = 0xD7A3;
constexpr std::uint32_t kFirstLead = 0x1100;
constexpr std::uint32_t kFirstVowel = 0x1161;
constexpr std::uint32_t kBeforeFirstTail = 0x11A7;
constexpr std::uint32_t kVowels = 21;
constexpr std::uint32_t kTails = 28;  // none is one of them

// The range that holds `code`, or null.
template <typename Range>
const Range* find_range(std::span<const Range> ranges, std::uint32_t code) noexcept {
  const auto above = std::ranges::upper_bound(ranges, code, {}, &Range::first);
  if (above == ranges.begin()) {
    return nullptr;
  }
  const Range& range = *std::prev(above);
  return code <= range.last ? &range : nullptr;
}

bool holds(std::span<const CodeRange> ranges, std::uint32_t code) noexcept {
  return find_range(ranges, code) != nullptr;
}

std::uint32_t lower_code(const Unicode& unicode, std::uint32_t code) noexcept {
  const LowerRange* range = find_range(unicode.lower, code);
  if (range == nullptr || (code - range->first) % range->step != 0) {
    return code;
  }
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(code) + range->delta);
}

// What the rule of the final sigma sees to the left: the last character that is not
// case-ignorable, cased or not.
bool cased_after(const Unicode& unicode, std::uint32_t code, bool cased_before) noexcept {
  if (holds(unicode.case_ignorable, code)) {
    return cased_before;
  }
  return holds(unicode.cased, code);
}

// And to the right of `at`.
bool cased_follows(const Unicode& unicode, std::string_view text, std::size_t at) noexcept {
  while (at < text.size()) {
    const auto code = next_code_point(text, at);
    if (!holds(unicode.case_ignorable, code)) {
      return holds(unicode.cased, code);
    }
  }
  return false;
}

// Writes a syllable's parts; returns their bytes.
std::size_t put_syllable(std::uint32_t code, char* out) noexcept {
  const std::uint32_t index = code - kFirstSyllable;
  const std::uint32_t tail = index % kTails;
  char* end = out;
  end += put_code_point(kFirstLead + index / (kVowels * kTails), end);
  end += put_code_point(kFirstVowel + index / kTails % kVowels, end);
  if (tail != 0) {
    end += put_code_point(kBeforeFirstTail + tail, end);
  }
  return static_cast<std::size_t>(end - out);
}

constexpr bool is_ascii_letter(std::uint32_t code) noexcept {
  return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
}
}  // namespace

bool Unicode::is_word(std::uint32_t code) const noexcept {
  if (code < 0x80) {
    return is_ascii_letter(code) || (code >= '0' && code <= '9') || code == '_';
  }
  return holds(word, code);
}

bool Unicode::is_space(std::uint32_t code) const noexcept {
  if (code < 0x80) {
    return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x1C && code <= 0x1F);
  }
  return holds(space, code);
}

Result<const Unicode*> load_unicode(OpSpec& spec) {
  BASCULE_TRY(const auto version, spec.text("unicode"));
  if (version == unicode_14.version) {
    return &unicode_14;
  }
  return spec.error(
      "attribute 'unicode' is '{}', expected '{}' (Python 3.11); pack with that Python", version,
      unicode_14.version);
}

bool may_change_in_lower(std::string_view text) noexcept {
  return std::ranges::any_of(
      text, [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; });
}

// Source: CPython's unicodeobject.c, do_lower and handle_capital_sigma.
std::size_t lower(const Unicode& unicode, std::string_view text, char* out) noexcept {
  if (is_ascii(text)) {
    for (std::size_t i = 0; i < text.size(); ++i) {  // no branch: the loop runs in vectors
      const bool upper = static_cast<unsigned char>(text[i] - 'A') < 26;
      out[i] = static_cast<char>(text[i] + (upper ? 'a' - 'A' : 0));
    }
    return text.size();
  }
  char* end = out;
  bool cased_before = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = next_code_point(text, at);
    if (code == kCapitalSigma) {
      const bool final = cased_before && !cased_follows(unicode, text, at);
      end += put_code_point(final ? kFinalSigma : kSmallSigma, end);
      cased_before = true;
      continue;
    }
    if (code < 0x80 && is_ascii_letter(code)) {
      *end++ = static_cast<char>(code | 0x20);
      cased_before = true;
      continue;
    }
    cased_before = cased_after(unicode, code, cased_before);
    if (code == kDottedCapitalI) {
      end += put_code_point('i', end);
      end += put_code_point(kCombiningDotAbove, end);
    } else {
      end += put_code_point(lower_code(unicode, code), end);
    }
  }
  return static_cast<std::size_t>(end - out);
}

bool is_ascii(std::string_view text) noexcept {
  unsigned all = 0;  // no early exit: the loop runs in vectors
  for (const char c : text) {
    all |= static_cast<unsigned char>(c);
  }
  return all < 0x80;
}

std::size_t strip_accents(const Unicode& unicode, std::string_view text, bool ascii,
                          char* out) noexcept {
  char* end = out;
  const auto put = [&](std::uint32_t code) {
    if (!ascii || code < 0x80) {
      end += put_code_point(code, end);
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto code = next_code_point(text, at);
    if (code >= kFirstSyllable && code <= kLastSyllable) {
      end += ascii ? 0 : put_syllable(code, end);
      continue;
    }
    const auto found =
        code < 0x80 ? unicode.accented.end() : std::ranges::lower_bound(unicode.accented, code);
    if (found == unicode.accented.end() || *found != code) {
      put(code);
      continue;
    }
    const auto i = static_cast<std::size_t>(found - unicode.accented.begin());
    for (std::size_t k = unicode.stripped_starts[i]; k < unicode.stripped_starts[i + 1]; ++k) {
      put(unicode.stripped[k]);
    }
  }
  return static_cast<std::size_t>(end - out);
}

}  // namespace bascule
