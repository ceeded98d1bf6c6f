#include "api/content_coding.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "api/handler.h"
#include "base/limits.h"

namespace bascule {
namespace {

// zlib's words for a format: its window of 32 KiB, and more for gzip, or for either of both.
constexpr int kZlibFormat = 15;
constexpr int kGzipFormat = 15 + 16;
constexpr int kEitherFormat = 15 + 32;
constexpr int kMemoryLevel = 8;

Bytef* bytes_of(std::string& text, std::size_t at) noexcept {
  return reinterpret_cast<Bytef*>(text.data() + at);
}

Bytef* bytes_of(std::string_view text) noexcept {
  // zlib does not write to its input; its interface says nothing of const.
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// Whether the parameters of an Accept-Encoding member are a weight of zero: "q=0", "q=0.0".
bool is_refusal(std::string_view parameters) noexcept {
  const auto weight = trimmed(parameters);
  return (weight.starts_with("q=0") || weight.starts_with("Q=0")) &&
         weight.find_first_not_of("0.", 2) == std::string_view::npos;
}

bool names(std::string_view accept, std::string_view coding) noexcept {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto member = accept.substr(0, comma);
    const auto semicolon = member.find(';');
    if (same_token(trimmed(member.substr(0, semicolon)), coding)) {
      return semicolon == std::string_view::npos || !is_refusal(member.substr(semicolon + 1));
    }
    accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
  }
  return false;
}

// A stream of inflate that ends with its scope.
struct Inflater {
  z_stream stream{};
  bool ready = ::inflateInit2(&stream, kEitherFormat) == Z_OK;
  Inflater() = default;
  ~Inflater() { ::inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

std::string_view Unpacked::text() const noexcept {
  return std::string_view(padded).substr(0, padded.size() - kBodyPadding);
}

Result<Unpacked> unpack(std::string_view body, std::string_view coding, std::size_t limit) {
  BASCULE_CHECK_OK(coding_of(coding));
  Inflater inflater;
  z_stream& stream = inflater.stream;
  Unpacked out;
  stream.next_in = bytes_of(body);
  stream.avail_in = static_cast<uInt>(body.size());
  int state = inflater.ready ? Z_OK : Z_MEM_ERROR;
  std::size_t size = 0;
  while (state == Z_OK) {
    if (size > limit) {
      return fail(Code::kTooLarge, "the body unpacks to more than {} bytes", limit);
    }
    const std::size_t room = std::min(std::max(body.size() * 4, size), limit + 1 - size) + 1;
    out.padded.resize(size + room);
    stream.next_out = bytes_of(out.padded, size);
    stream.avail_out = static_cast<uInt>(room);
    state = ::inflate(&stream, Z_NO_FLUSH);
    size += room - stream.avail_out;
  }
  if (state != Z_STREAM_END || stream.avail_in > 0) {
    return fail(Code::kInvalid, "the body is not {}, as its header says", coding);
  }
  if (size > limit) {
    return fail(Code::kTooLarge, "the body unpacks to more than {} bytes", limit);
  }
  out.padded.resize(size);
  out.padded.append(kBodyPadding, '\0');
  return out;
}

Coding accepted_coding(std::string_view accept) noexcept {
  if (accept.empty()) {
    return Coding::kIdentity;
  }
  if (names(accept, "gzip")) {
    return Coding::kGzip;
  }
  return names(accept, "deflate") ? Coding::kDeflate : Coding::kIdentity;
}

bool accepts(std::string_view accept, Coding coding) noexcept {
  return names(accept, coding_name(coding));
}

Result<Coding> coding_of(std::string_view name) {
  for (const Coding coding : {Coding::kIdentity, Coding::kGzip, Coding::kDeflate}) {
    if (name.empty() || same_token(name, coding_name(coding))) {
      return coding;
    }
  }
  return fail(Code::kUnsupported,
              "the encoding '{}' is not understood; gzip, deflate and identity are",
              name.substr(0, 64));
}

std::string_view coding_name(Coding coding) noexcept {
  switch (coding) {
    case Coding::kGzip:
      return "gzip";
    case Coding::kDeflate:
      return "deflate";
    case Coding::kIdentity:
      break;
  }
  return "identity";
}

struct Packer::Impl {
  // Made when it is first asked for: most clients never ask.
  struct Stream {
    z_stream stream{};
    bool ready = false;

    bool restart(int format) {
      if (ready) {
        return ::deflateReset(&stream) == Z_OK;
      }
      ready = ::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, format, kMemoryLevel,
                             Z_DEFAULT_STRATEGY) == Z_OK;
      return ready;
    }
    Stream() = default;
    ~Stream() {
      if (ready) {
        ::deflateEnd(&stream);
      }
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
  };
  Stream gzip, zlib;
  std::string packed;
};

Packer::Packer() : impl_(std::make_unique<Impl>()) {}
Packer::~Packer() = default;

bool Packer::pack(std::string& body, Coding coding) {
  const bool gzip = coding == Coding::kGzip;
  auto& one = gzip ? impl_->gzip : impl_->zlib;
  if (coding == Coding::kIdentity || !one.restart(gzip ? kGzipFormat : kZlibFormat)) {
    return false;
  }
  z_stream& stream = one.stream;
  std::string& packed = impl_->packed;
  packed.resize(::deflateBound(&stream, body.size()));
  stream.next_in = bytes_of(body);
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = bytes_of(packed, 0);
  stream.avail_out = static_cast<uInt>(packed.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    return false;
  }
  packed.resize(packed.size() - stream.avail_out);
  body.swap(packed);
  return true;
}

std::size_t unpacked_limit(HttpHandler& handler, const HttpRequest& request) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(
      limits::kHttpBodyBytes, std::max(kBodyReadUnasked, handler.body_limit(request))));
}

Result<std::string> unpacked_body(HttpHandler& handler, const HttpRequest& request) {
  const auto coding = request.header("content-encoding");
  if (coding.empty() || same_token(coding, "identity")) {
    return std::string();
  }
  BASCULE_TRY(auto unpacked, unpack(request.body, coding, unpacked_limit(handler, request)));
  return std::move(unpacked.padded);
}

void pack_answer(Packer& packer, const HttpRequest& request, HttpResponse& response) {
  if (response.body.size() < kWorthPacking || request.method == Method::kHead) {
    return;
  }
  const Coding coding = accepted_coding(request.header("accept-encoding"));
  if (packer.pack(response.body, coding)) {
    response.headers.emplace_back("Content-Encoding", coding_name(coding));
    response.headers.emplace_back("Vary", "Accept-Encoding");
  }
}

}  // namespace bascule
