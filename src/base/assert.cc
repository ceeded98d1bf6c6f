#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace bascule {

void assert_failed(const char* condition, const char* file, int line) noexcept {
  static_cast<void>(std::fprintf(stderr, "bascule: internal error: %s does not hold (%s:%d)\n",
                                 condition, file, line));
  std::abort();
}

}  // namespace bascule
