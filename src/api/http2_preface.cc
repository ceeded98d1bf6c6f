#include "api/http2_preface.h"

#include <algorithm>
#include <string_view>

namespace bascule {
namespace {

constexpr std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

Preface http2_preface(std::span<const char> bytes) noexcept {
  const std::size_t size = std::min(bytes.size(), kMagic.size());
  if (std::string_view(bytes.data(), size) != kMagic.substr(0, size)) {
    return Preface::kNo;
  }
  // "PR" may still become "PROPFIND".
  return size < 4 ? Preface::kMaybe : Preface::kYes;
}

}  // namespace bascule
