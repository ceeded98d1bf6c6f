// Asserts: for our own mistakes only, never for bytes or rows from outside.
#pragma once

namespace bascule {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line) noexcept;
}  // namespace bascule

// On in every build.
#define BASCULE_ASSERT(condition)                               \
  do {                                                          \
    if (!(condition)) [[unlikely]] {                            \
      ::bascule::assert_failed(#condition, __FILE__, __LINE__); \
    }                                                           \
  } while (false)

// For loops over rows: on unless NDEBUG.
#ifdef NDEBUG
#define BASCULE_DASSERT(condition) static_cast<void>(0)
#else
#define BASCULE_DASSERT(condition) BASCULE_ASSERT(condition)
#endif
