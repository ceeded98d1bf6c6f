#include "capi/error.h"

namespace bascule::capi {

bascule_error* no_memory() noexcept {
  // Both texts fit into the string itself, so this cannot fail. Shared by all, never freed.
  static bascule_error error{"unavailable", "no memory left"};
  return &error;
}

bascule_error* unexpected(const char* what) noexcept {
  try {
    return to_c(
        Error{Code::kInternal, fmt::format("a mistake inside Bascule: {}; report it", what)});
  } catch (...) {
    return no_memory();
  }
}

bascule_error* to_c(const Error& error) {
  return new bascule_error{std::string(code_name(error.code)), error.message};
}

}  // namespace bascule::capi

const char* bascule_error_code(const bascule_error* error) {
  return error->code.c_str();
}

const char* bascule_error_message(const bascule_error* error) {
  return error->message.c_str();
}

void bascule_error_free(bascule_error* error) {
  if (error != bascule::capi::no_memory()) {
    delete error;
  }
}
