// Content codings: gzip and deflate, of bodies that come in and of answers that go out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule {

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
std::string_view coding_name(Coding coding) noexcept;

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

}  // namespace bascule
