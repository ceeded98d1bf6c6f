// Where the words of a text begin and end, 64 bytes at a time. Files per processor see plain data
// and include nothing with inline code of the library (docs/engine.md, "Processors").
#pragma once

#include <cstdint>

namespace bascule {

struct WordBits {
  std::uint64_t words;  // bit i: byte i is one of a word, an ASCII letter, digit or underscore
  bool ascii;           // all bytes are
};

struct WordKernels {
  // Of 64 bytes from `at` on.
  WordBits (*bits)(const char* at) noexcept;
};
extern const WordKernels kWordKernelsBaseline;
extern const WordKernels kWordKernelsAvx2;

}  // namespace bascule
