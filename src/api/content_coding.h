// Content codings: gzip and deflate, of bodies that come in and of answers that go out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule {
class HttpHandler;    // api/handler.h
struct HttpRequest;   // api/handler.h
struct HttpResponse;  // api/handler.h

// "gzip", "deflate" (the zlib format, RFC 9110) or "identity".
enum class Coding : std::uint8_t { kIdentity, kGzip, kDeflate };

// Undoes a Content-Encoding. The text is followed by kBodyPadding readable bytes that are not part
// of its size. kUnsupported for another coding, kInvalid for bytes that are none of it, kTooLarge
// when the text has more than `limit` bytes: no more than that is ever unpacked.
struct Unpacked {
  std::string padded;
  std::string_view text() const noexcept;
};
Result<Unpacked> unpack(std::string_view body, std::string_view coding, std::size_t limit);

// What an Accept-Encoding asks for, of what there is.
Coding accepted_coding(std::string_view accept) noexcept;
// Whether it names `coding`, and with a weight that is not zero.
bool accepts(std::string_view accept, Coding coding) noexcept;
std::string_view coding_name(Coding coding) noexcept;
// kUnsupported for a coding that is not understood; an empty name is identity.
Result<Coding> coding_of(std::string_view name);

// Smaller answers travel in one packet anyway.
inline constexpr std::size_t kWorthPacking = 1024;

// Packs fast rather than well: it stands between a client and its answer. Its memory (a quarter of
// a MiB) is kept from answer to answer. One thread.
class Packer {
 public:
  Packer();
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  // Replaces `body` by its packed form; false, and unchanged, when zlib will not.
  bool pack(std::string& body, Coding coding);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How much a packed body of `request` may unpack to: what its route takes.
std::size_t unpacked_limit(HttpHandler& handler, const HttpRequest& request);
// The body with its padding, when its Content-Encoding says that it came packed; empty when it did
// not. Fails as `unpack` does.
Result<std::string> unpacked_body(HttpHandler& handler, const HttpRequest& request);
// Packs the answer to a client whose Accept-Encoding says that it takes it so.
void pack_answer(Packer& packer, const HttpRequest& request, HttpResponse& response);

}  // namespace bascule
