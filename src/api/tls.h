// TLS: what all connections share, and one connection's end of it.
//
// OpenSSL reads and writes the connection's own socket and never waits: its calls have the form of
// the plain socket's, and the connection waits in the same way for both. (Asio's ssl::stream copies
// through two more pairs of buffers, 68 KiB that an idle connection keeps:
// docs/decisions/0006-tls.md.)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace bascule {

// PEM. The certificate's file holds its chain too.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  // empty: clients need no certificate
};

// One connection's. Threads: its loop's only.
class TlsStream {
 public:
  enum class Step : std::uint8_t {
    kDone,
    kWantRead,   // again when the socket is readable
    kWantWrite,  // again when it is writable; `send` with the same bytes, wherever they are by then
    kClosed,     // the peer has said that nothing more comes
    kFailed,
  };
  struct Io {
    Step step = Step::kFailed;
    std::size_t bytes = 0;
  };

  TlsStream(ssl_st* ssl, int descriptor) : ssl_(ssl), descriptor_(descriptor) {}
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Before anything else; false without memory.
  bool attach() noexcept;
  Step handshake() noexcept;
  Io receive(std::span<char> into) noexcept;
  // May take only the beginning.
  Io send(std::string_view bytes) noexcept;
  // Whether `receive` has something to say although the socket may not be readable.
  bool has_pending() const noexcept;
  // Tells the peer that nothing more comes, so that it can tell the end from a cut. Once.
  void say_goodbye() noexcept;

  // What the handshake agreed on: "h2", "http/1.1", or nothing.
  std::string_view protocol() const noexcept;
  // Whether the handshake failed because the peer speaks HTTP without TLS.
  bool met_plain_http() const noexcept { return met_plain_http_; }

 private:
  Step step_of(int result) noexcept;

  ssl_st* ssl_;
  int descriptor_;  // OpenSSL has its address
  bool ready_ = false;
  bool broken_ = false;
  bool met_plain_http_ = false;
};

// Certificate, key and rules. Connections that began with one certificate keep it.
class TlsSetup {
 public:
  // kInvalid when a file cannot be read or is not what it should be, or when the key is another
  // certificate's.
  static Result<std::shared_ptr<TlsSetup>> open(TlsFiles files);

  // Reads the files again, for the connections to come; after an error the old ones stay. One
  // thread.
  Status reload();
  // Whether the files are others than those that were last read, or tried. The same thread.
  bool changed() const;
  // When the certificate ends. Any thread.
  TimeUs expires_at() const;

  // For a connected socket that does not block and outlives the stream; null without memory. Any
  // thread.
  std::unique_ptr<TlsStream> accept(int descriptor) const;

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  using Context = std::unique_ptr<ssl_ctx_st, Free>;
  // Says when a file is another one: a link that points elsewhere counts.
  struct Stamp {
    std::int64_t modified_ns = 0;
    std::uint64_t size = 0, inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;

  explicit TlsSetup(TlsFiles files) : files_(std::move(files)) {}
  static Result<Context> make_context(const TlsFiles& files);
  Stamps look() const;

  const TlsFiles files_;
  Stamps seen_{};
  mutable std::mutex mutex_;  // guards context_
  Context context_;
};

}  // namespace bascule
