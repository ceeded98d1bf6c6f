// SHA256_Init and its like: OpenSSL 3 calls them deprecated, and its newer calls allocate a context
// for each digest.
// NOLINTNEXTLINE(readability-identifier-naming): OpenSSL's name
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/assert.h"
#include "base/utf8.h"

namespace bascule {

struct Sha256::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Impl() = default;
  ~Impl() { EVP_MD_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  BASCULE_ASSERT(impl_->context != nullptr);
  BASCULE_ASSERT(EVP_DigestInit_ex(impl_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) noexcept {
  BASCULE_ASSERT(EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) == 1);
}

void Sha256::update(std::string_view text) noexcept {
  update(std::as_bytes(std::span(text)));
}

Digest Sha256::so_far() const noexcept {
  Sha256 copy;
  BASCULE_ASSERT(EVP_MD_CTX_copy_ex(copy.impl_->context, impl_->context) == 1);
  return copy.finish();
}

Digest Sha256::finish() noexcept {
  Digest digest;
  unsigned int size = 0;
  BASCULE_ASSERT(EVP_DigestFinal_ex(impl_->context, reinterpret_cast<unsigned char*>(digest.data()),
                                    &size) == 1);
  BASCULE_ASSERT(size == digest.size());
  return digest;
}

Digest sha256(std::span<const std::byte> bytes) noexcept {
  Digest digest;
  SHA256_CTX context;
  BASCULE_ASSERT(SHA256_Init(&context) == 1);
  BASCULE_ASSERT(SHA256_Update(&context, bytes.data(), bytes.size()) == 1);
  BASCULE_ASSERT(SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context) == 1);
  return digest;
}

Digest sha256(std::string_view text) noexcept {
  return sha256(std::as_bytes(std::span(text)));
}

Digest hmac_sha256(std::string_view key, std::string_view text) noexcept {
  Digest digest;
  unsigned int size = 0;
  // A null key means "the key of the call before" to OpenSSL, even when it is empty.
  const char* key_data = key.empty() ? "" : key.data();
  const auto* done = HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  BASCULE_ASSERT(done != nullptr && size == digest.size());
  return digest;
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    out += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    out += kDigits[std::to_integer<std::size_t>(byte & std::byte{0x0f})];
  }
  return out;
}

std::string digest_text(const Digest& digest) {
  return "sha256:" + to_hex(digest);
}

Result<Digest> parse_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  const auto bad = [&] {
    return fail(Code::kInvalid,
                "digest '{}' is not understood; expected sha256: and 64 lower-case hexadecimal "
                "digits",
                utf8_prefix(text, 80));
  };
  Digest digest;
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 2 * digest.size()) {
    return bad();
  }
  const std::string_view hex = text.substr(kPrefix.size());
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) {
      return bad();
    }
    const auto value = static_cast<std::byte>(is_digit ? c - '0' : c - 'a' + 10);
    digest[i / 2] = i % 2 == 0 ? value << 4 : digest[i / 2] | value;
  }
  return digest;
}

}  // namespace bascule
