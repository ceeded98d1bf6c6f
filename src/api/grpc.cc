#include "api/grpc.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {
namespace {

constexpr std::size_t kPrefixBytes = 5;
constexpr std::size_t kTimeoutDigits = 8;

constexpr char kPlain = 0;
constexpr char kPacked = 1;

std::uint32_t big_endian(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (const char byte : bytes) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return value;
}

// Of a unit of grpc-timeout; 0 for a character that is none.
std::int64_t nanoseconds_of(char unit) noexcept {
  switch (unit) {
    case 'H':
      return 3'600'000'000'000;
    case 'M':
      return 60'000'000'000;
    case 'S':
      return 1'000'000'000;
    case 'm':
      return 1'000'000;
    case 'u':
      return 1'000;
    case 'n':
      return 1;
    default:
      return 0;
  }
}

}  // namespace

bool is_grpc_type(std::string_view content_type) noexcept {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) {
    return false;
  }
  const auto rest = content_type.substr(kType.size());
  return rest.empty() || rest[0] == ';' || rest == "+proto" || rest.starts_with("+proto;");
}

Result<std::string_view> grpc_message(std::string_view body) {
  if (body.size() < kPrefixBytes) {
    return fail(Code::kInvalid, "the call has no message: {} bytes came, and its prefix has {}",
                body.size(), kPrefixBytes);
  }
  const std::uint32_t length = big_endian(body.substr(1, 4));
  if (body[0] != kPlain || length != body.size() - kPrefixBytes) {
    return fail(Code::kInvalid,
                "the call must be one message: its prefix says {} bytes, and {} came", length,
                body.size() - kPrefixBytes);
  }
  return body.substr(kPrefixBytes);
}

void GrpcFrames::append(std::string_view bytes) {
  // What was taken goes when it is most of what is held: each byte is moved once or twice.
  if (taken_ > bytes_.size() / 2) {
    bytes_.erase(0, std::exchange(taken_, 0));
  }
  bytes_.append(bytes);
}

Result<bool> GrpcFrames::take(std::string& frame, std::size_t limit) {
  const auto rest = std::string_view(bytes_).substr(taken_);
  if (rest.size() < kPrefixBytes) {
    return false;
  }
  const std::size_t length = big_endian(rest.substr(1, 4));
  if (rest[0] != kPlain && rest[0] != kPacked) {
    return fail(Code::kInvalid, "a message of the stream begins with {}; that must be 0 or 1",
                int{static_cast<unsigned char>(rest[0])});
  }
  if (length > limit) {
    return fail(Code::kTooLarge, "a message has {} bytes, and this method takes {} at most", length,
                limit);
  }
  if (rest.size() - kPrefixBytes < length) {
    return false;
  }
  frame.assign(rest, 0, kPrefixBytes + length);
  taken_ += frame.size();
  return true;
}

Result<std::string> unpacked_grpc_body(HttpHandler& handler, const HttpRequest& request) {
  BASCULE_TRY(const Coding coding, coding_of(request.header("grpc-encoding")));
  if (request.body.size() < kPrefixBytes || request.body[0] != kPacked ||
      big_endian(request.body.substr(1, 4)) != request.body.size() - kPrefixBytes) {
    return std::string();
  }
  if (coding == Coding::kIdentity) {
    return fail(Code::kInternal,
                "the message is marked as compressed, and the call names no grpc-encoding");
  }
  const auto message = request.body.substr(kPrefixBytes);
  BASCULE_TRY(const auto plain,
              unpack(message, coding_name(coding), unpacked_limit(handler, request)));
  std::string body;
  body.reserve(kPrefixBytes + plain.padded.size());
  begin_grpc_message(body);
  body += plain.text();
  end_grpc_message(body);
  body.append(kBodyPadding, '\0');
  return body;
}

Coding grpc_answer_coding(const HttpRequest& request) {
  const auto coding = coding_of(request.header("grpc-encoding"));
  return coding && accepts(request.header("grpc-accept-encoding"), *coding) ? *coding
                                                                            : Coding::kIdentity;
}

void pack_grpc_frame(Packer& packer, Coding coding, std::string& frame) {
  if (frame.size() < kPrefixBytes + kWorthPacking) {
    return;
  }
  std::string packed = frame.substr(kPrefixBytes);
  if (!packer.pack(packed, coding) || kPrefixBytes + packed.size() >= frame.size()) {
    return;
  }
  begin_grpc_message(frame);
  frame += packed;
  end_grpc_message(frame);
  frame[0] = kPacked;
}

void begin_grpc_message(std::string& out) {
  out.assign(kPrefixBytes, '\0');
}

void end_grpc_message(std::string& out) {
  const auto length = static_cast<std::uint32_t>(out.size() - kPrefixBytes);
  for (std::size_t i = 0; i < 4; ++i) {
    out[1 + i] = static_cast<char>(length >> (8 * (3 - i)));
  }
}

Result<std::int64_t> parse_grpc_timeout(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::kInvalid, "grpc-timeout must be up to {} digits and a unit, such as 100m",
                kTimeoutDigits);
  };
  if (text.size() < 2 || text.size() > kTimeoutDigits + 1) {
    return bad();
  }
  std::int64_t count = 0;
  const char* const first = text.data();
  const char* const unit = first + text.size() - 1;
  const auto [end, error] = std::from_chars(first, unit, count);
  if (error != std::errc() || end != unit || count < 0) {
    return bad();
  }
  const std::int64_t unit_ns = nanoseconds_of(*unit);
  if (unit_ns == 0) {
    return bad();
  }
  // Eight digits of hours are 11,000 years: for ever.
  constexpr auto kForever = std::numeric_limits<std::int64_t>::max();
  return count > kForever / unit_ns ? kForever : count * unit_ns;
}

void write_grpc_error(HttpResponse& response, int http_status, std::string_view message) {
  response.status = http_status;
  response.content_type = "application/grpc";
  response.body = message;
}

int grpc_status_of_http(int status) noexcept {
  return status == 200 ? 0 : grpc_status(code_of_http_status(status));
}

std::string grpc_message_text(std::string_view message) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : utf8_prefix(message, limits::kGrpcErrorBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '%') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace bascule
