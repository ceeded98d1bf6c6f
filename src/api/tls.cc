#include "api/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/assert.h"

namespace bascule {
namespace {

// Forward secrecy and authenticated encryption only; those of TLS 1.3 all are.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// In order of preference, each behind its length.
constexpr std::string_view kProtocols = "\x02h2\x08http/1.1";

int descriptor_of(BIO* bio) noexcept {
  return *static_cast<const int*>(BIO_get_data(bio));
}

bool may_retry() noexcept {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), 0);
  if (got < 0 && may_retry()) {
    BIO_set_retry_read(bio);
  }
  return static_cast<int>(got);
}

// OpenSSL's own would raise SIGPIPE when the peer is gone.
int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(descriptor_of(bio), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && may_retry()) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(sent);
}

long bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// `descriptor` outlives it.
BIO* make_bio(int* descriptor) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bascule socket");
    BASCULE_ASSERT(made != nullptr);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio != nullptr) {
    BIO_set_data(bio, descriptor);
    BIO_set_init(bio, 1);
  }
  return bio;
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void* /*argument*/) {
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(
      &chosen, size, reinterpret_cast<const unsigned char*>(kProtocols.data()), kProtocols.size(),
      offered, offered_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key with a password is refused: OpenSSL would ask at the terminal.
int no_password(char* /*out*/, int /*size*/, int /*writes*/, void* /*argument*/) {
  return 0;
}

// What OpenSSL found first; the later entries only say who passed it on.
std::string first_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) {
    return std::strerror(ERR_GET_REASON(code));
  }
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

}  // namespace

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

bool TlsStream::attach() noexcept {
  BIO* bio = make_bio(&descriptor_);
  if (bio == nullptr) {
    return false;
  }
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  return true;
}

TlsStream::Step TlsStream::step_of(int result) noexcept {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
      return Step::kDone;
    case SSL_ERROR_WANT_READ:
      return Step::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Step::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kClosed;
    default:
      broken_ = true;
      return Step::kFailed;
  }
}

TlsStream::Step TlsStream::handshake() noexcept {
  ERR_clear_error();
  const Step step = step_of(SSL_do_handshake(ssl_));
  ready_ = step == Step::kDone;
  met_plain_http_ = broken_ && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  return step;
}

TlsStream::Io TlsStream::receive(std::span<char> into) noexcept {
  if (broken_) {
    return {};
  }
  ERR_clear_error();
  std::size_t got = 0;
  const Step step = step_of(SSL_read_ex(ssl_, into.data(), into.size(), &got));
  return {step, got};
}

TlsStream::Io TlsStream::send(std::string_view bytes) noexcept {
  if (broken_) {
    return {};
  }
  ERR_clear_error();
  std::size_t sent = 0;
  const Step step = step_of(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &sent));
  return {step, sent};
}

bool TlsStream::has_pending() const noexcept {
  return broken_ || SSL_has_pending(ssl_) == 1 ||
         (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void TlsStream::say_goodbye() noexcept {
  if (!ready_ || broken_ || (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) {
    return;
  }
  ERR_clear_error();
  // The peer's own is not waited for; when this one cannot be written, the peer sees a cut.
  static_cast<void>(SSL_shutdown(ssl_));
}

std::string_view TlsStream::protocol() const noexcept {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

void TlsSetup::Free::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

Result<TlsSetup::Context> TlsSetup::make_context(const TlsFiles& files) {
  Context made(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made.get();
  ERR_clear_error();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context, kCiphers) != 1) {
    return fail(Code::kInternal, "TLS cannot be set up: {}", first_error());
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers, and what is not written yet may move.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A record's header and its bytes come by one call of the kernel.
  SSL_CTX_set_read_ahead(context, 1);
  // Clients keep their sessions; the server would keep 20,000 of them.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_default_passwd_cb(context, no_password);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return fail(Code::kInvalid, "the certificate '{}' cannot be used ({}); expected a chain in PEM",
                files.certificate, first_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return fail(Code::kInvalid,
                "the key '{}' cannot be used ({}); expected the key of '{}' in PEM, without a "
                "password",
                files.key, first_error(), files.certificate);
  }
  if (files.client_ca.empty()) {
    return made;
  }
  auto* names = SSL_load_client_CA_file(files.client_ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, files.client_ca.c_str()) != 1) {
    return fail(Code::kInvalid,
                "the clients' CA '{}' cannot be used ({}); expected certificates in PEM",
                files.client_ca, first_error());
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A session that is taken up again would skip the client's certificate, which may have expired.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return made;
}

Result<std::shared_ptr<TlsSetup>> TlsSetup::open(TlsFiles files) {
  std::shared_ptr<TlsSetup> setup(new TlsSetup(std::move(files)));
  BASCULE_CHECK_OK(setup->reload());
  return setup;
}

TlsSetup::Stamps TlsSetup::look() const {
  Stamps stamps{};
  std::size_t i = 0;
  for (const std::string* path : {&files_.certificate, &files_.key, &files_.client_ca}) {
    struct stat info{};
    if (::stat(path->c_str(), &info) == 0) {
      stamps[i] = {info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                   static_cast<std::uint64_t>(info.st_size), info.st_ino};
    }
    ++i;
  }
  return stamps;
}

Status TlsSetup::reload() {
  seen_ = look();  // before they are read: what changes meanwhile is seen the next time
  BASCULE_TRY(auto context, make_context(files_));
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return {};
}

bool TlsSetup::changed() const {
  return look() != seen_;
}

TimeUs TlsSetup::expires_at() const {
  const std::lock_guard lock(mutex_);
  std::tm end{};
  const X509* certificate = SSL_CTX_get0_certificate(context_.get());
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return 0;
  }
  return static_cast<TimeUs>(::timegm(&end)) * 1'000'000;
}

std::unique_ptr<TlsStream> TlsSetup::accept(int descriptor) const {
  SSL* ssl = nullptr;
  {
    const std::lock_guard lock(mutex_);
    ssl = SSL_new(context_.get());
  }
  if (ssl == nullptr) {
    return nullptr;
  }
  auto stream = std::make_unique<TlsStream>(ssl, descriptor);
  return stream->attach() ? std::move(stream) : nullptr;
}

}  // namespace bascule
