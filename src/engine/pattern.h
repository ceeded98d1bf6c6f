// A compiled pattern of Python's `re`: what token patterns use of it, with Python's own answers.
//
// python/bascule/patterns.py parses a pattern with Python's own parser and writes a program of a
// few instructions, with its sets of characters spelled out as ranges, so that they are those of
// the Python that trained the model. A search takes the alternatives in order and goes back where
// one fails, as `re` does. Steps are counted, and a text that takes more than `step_limit` is given
// up, so that no pattern and no text can keep a thread busy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule {
class OpSpec;
class Ragged;
class Scratch;

enum class Instruct : std::uint8_t {
  kMatch,    // the whole pattern, or the whole body of a kLook, matches
  kSet,      // one character of set `a`
  kRun,      // `b` to `c` characters (c = 0: any number) of set `a`, as many as possible
  kRunLazy,  // the same, as few as possible
  kSplit,    // go on at `a`, and if that fails at `b`
  kJump,     // go on at `a`
  kSave,     // the group starts (a = 0) or ends (a = 1) here
  kAt,       // the place `a` (see Place) is here; `b` is the set of word characters, for kBoundary
  kLook,     // the body, which follows, matches (c = 0) or does not (c = 1), from `b` characters
             // before this place; go on at `a`
};
constexpr std::int64_t kInstructs = 9;

enum class Place : std::uint8_t {
  kStart,        // ^ \A
  kEnd,          // \Z
  kLastLineEnd,  // $
  kLineStart,    // ^ of (?m)
  kLineEnd,      // $ of (?m)
  kBoundary,     // \b
  kNoBoundary,   // \B
};
constexpr std::int64_t kPlaces = 7;

class CharacterSet {
 public:
  // `ranges`: first and last codes, ascending.
  explicit CharacterSet(std::vector<std::uint32_t> ranges);
  bool holds(std::uint32_t code) const noexcept {
    return code < 0x80 ? (ascii_[code >> 6] >> (code & 63) & 1) != 0 : holds_beyond(code);
  }

 private:
  bool holds_beyond(std::uint32_t code) const noexcept;

  std::array<std::uint64_t, 2> ascii_{};
  std::vector<std::uint32_t> ranges_;
};

class Pattern {
 public:
  // From the tensors `program` (four numbers an instruction: what, a, b, c), `set_starts` and
  // `set_ranges`, and the attributes `first` (the set of characters that a match can start with)
  // and `group` (a match is what its group holds).
  static Result<Pattern> load(OpSpec& spec);

  static constexpr std::size_t step_limit(std::size_t bytes) noexcept {
    return 65'536 + 1'024 * bytes;
  }

  // Appends what re.findall gives for `text`; false when the steps or the memory are used up.
  bool find_all(std::string_view text, Ragged& tokens, Scratch& scratch) const noexcept;

 private:
  struct Instruction {
    Instruct what = Instruct::kMatch;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
  };
  class Search;  // one text; engine/pattern.cc

  Pattern() = default;
  Status read_sets(OpSpec& spec);
  Status read_program(OpSpec& spec);

  std::vector<Instruction> program_;
  std::vector<CharacterSet> sets_;
  std::int64_t first_ = -1;  // a set; -1: any character, or none
  bool group_ = false;
};

}  // namespace bascule
