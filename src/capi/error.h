// Errors at the C boundary: what leaves is a value, whatever was thrown inside.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "base/result.h"
#include "capi/bascule.h"

struct bascule_error {
  std::string code;
  std::string message;
};

namespace bascule::capi {

// Needs no memory; freeing it does nothing.
bascule_error* no_memory() noexcept;
// Our own mistake; `no_memory` where there is none for the sentence.
bascule_error* unexpected(const char* what) noexcept;
bascule_error* to_c(const Error& error);

// Runs `body`, which returns a Status; null when all is well. Nothing gets out.
template <typename Body>
bascule_error* guarded(Body body) noexcept {
  try {
    const Status status = body();
    return status ? nullptr : to_c(status.error());
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::length_error&) {  // more than any memory could hold
    return no_memory();
  } catch (const std::exception& error) {
    return unexpected(error.what());
  } catch (...) {
    return unexpected("an exception that is no std::exception");
  }
}

}  // namespace bascule::capi
