// Result<T>: a value or an Error, which nobody may drop.
//
// A function that can fail on data it did not make returns one. std::expected does not warn when
// it is discarded; this class does.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace bascule {

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

// An error to return, its sentence formatted: fail(Code::kInvalid, "tensor '{}' has ...", name,
// ...)
template <typename... Args>
std::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Puts "where: " in front of an error's sentence.
inline std::unexpected<Error> prefixed(std::string_view where, Error error) {
  error.message = fmt::format("{}: {}", where, error.message);
  return std::unexpected<Error>(std::move(error));
}

}  // namespace bascule

#define BASCULE_CONCAT_(a, b) a##b
#define BASCULE_CONCAT(a, b) BASCULE_CONCAT_(a, b)
#define BASCULE_TRY_(result, declaration, expression)                    \
  auto result = (expression);                                            \
  if (!result) [[unlikely]] {                                            \
    return std::unexpected<::bascule::Error>(std::move(result.error())); \
  }                                                                      \
  declaration = *std::move(result)

// BASCULE_TRY(const auto width, spec.width("by")): the value, or return its error.
#define BASCULE_TRY(declaration, ...) \
  BASCULE_TRY_(BASCULE_CONCAT(bascule_result_, __LINE__), declaration, (__VA_ARGS__))

// BASCULE_CHECK_OK(status): go on, or return its error.
#define BASCULE_CHECK_OK(...)                                                      \
  do {                                                                             \
    if (auto bascule_status = (__VA_ARGS__); !bascule_status) [[unlikely]] {       \
      return std::unexpected<::bascule::Error>(std::move(bascule_status.error())); \
    }                                                                              \
  } while (false)
