// Which protocol a connection speaks: HTTP/2 by prior knowledge, or HTTP/1.1.
#pragma once

#include <cstdint>
#include <span>

namespace bascule {

enum class Preface : std::uint8_t { kNo, kMaybe, kYes };
// Whether a connection that begins with `bytes` speaks HTTP/2; kMaybe wants more of them. With TLS
// the ALPN name kHttp2Alpn says it instead.
Preface http2_preface(std::span<const char> bytes) noexcept;
inline constexpr char kHttp2Alpn[] = "h2";

}  // namespace bascule
