#include "api/http_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <exception>

#include "api/error_json.h"
#include "base/error.h"
#include "base/limits.h"

namespace bascule {
namespace {

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

void append_number(std::string& out, std::size_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

}  // namespace

std::string http_date(TimeUs now) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = now / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string_view refusal_code(int status) noexcept {
  switch (status) {
    case 408:
      return "too_slow";
    case 413:
    case 414:
    case 431:
      return "too_large";
    case 417:
    case 501:
    case 505:
      return "unsupported";
    default:
      return code_name(code_of_http_status(status));
  }
}

Session::Phase HttpSession::phase() const noexcept {
  if (closing_) {
    return Phase::kClosing;
  }
  if (owes_answer_) {
    return Phase::kAnswering;
  }
  if (parser_.header_done()) {
    return Phase::kBody;
  }
  return parser_.started() || !pending_.empty() ? Phase::kHeader : Phase::kIdle;
}

void HttpSession::received(std::span<const char> bytes) {
  if (closing_) {
    return;
  }
  if (pending_.empty()) {
    const std::size_t used = consume(bytes);
    if (!closing_) {
      pending_.assign(bytes.data() + used, bytes.size() - used);
    }
    return;
  }
  pending_.append(bytes.data(), bytes.size());
  resume();
}

void HttpSession::resume() {
  pending_.erase(0, consume(pending_));
  if (closing_) {
    pending_.clear();
  }
}

// Returns how many bytes are done with; the others must come again.
std::size_t HttpSession::consume(std::span<const char> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && wants_input()) {
    // An empty line before a request is forgiven (RFC 9112, section 2.2).
    if (!parser_.started() && (bytes[used] == '\r' || bytes[used] == '\n')) {
      ++used;
      continue;
    }
    std::size_t taken = 0;
    const auto event = parser_.feed(bytes.subspan(used), taken);
    used += taken;
    switch (event) {
      case RequestParser::Event::kNeedMore:
        return used;
      case RequestParser::Event::kHeader:
        if (!begin_body()) {
          return bytes.size();
        }
        if (parser_.expects_continue() && used == bytes.size()) {
          output_ += "HTTP/1.1 100 Continue\r\n\r\n";
        }
        break;
      case RequestParser::Event::kRefused:
        refuse(parser_.refusal().status, parser_.refusal().message);
        return bytes.size();
      case RequestParser::Event::kDone:
        dispatch();
        break;
    }
  }
  return used;
}

// False when the body is refused before any of it is read.
bool HttpSession::begin_body() {
  const auto length = parser_.content_length();
  if (length && *length <= kBodyReadUnasked) {
    return true;
  }
  response_.reset();
  if (env_.handler.deny(parser_.request(), response_)) {
    answer_and_close();
    return false;
  }
  const std::uint64_t limit =
      std::max(kBodyReadUnasked, env_.handler.body_limit(parser_.request()));
  parser_.set_body_limit(limit);
  if (!length || *length <= limit) {
    return true;
  }
  refuse(413,
         fmt::format("the body has {} bytes, and this route takes {} at most", *length, limit));
  return false;
}

void HttpSession::dispatch() {
  HttpRequest& request = parser_.request();
  request.started_ns = env_.clock.monotonic_ns();
  request.peer = peer_;
  keep_alive_ = request.keep_alive;
  response_.reset();
  owes_answer_ = true;
  answered_ = false;
  in_handler_ = true;
  if (!unpack_body(request)) {
    in_handler_ = false;
    env_.handler.refused(response_.status, peer_);
    finish_answer();
    return;
  }
  try {
    env_.handler.handle(request, Responder(sink_.lock(), response_));
  } catch (const std::exception& problem) {
    ++env_.handler_exceptions;
    response_.reset();
    write_error_at(request.path, response_, 500, "internal",
                   fmt::format("the server made a mistake: {}", problem.what()));
    env_.handler.refused(response_.status, peer_);
  }
  in_handler_ = false;
  if (answered_) {
    idle_since_ns_ = request.started_ns;
    finish_answer();
  }
}

bool HttpSession::unpack_body(HttpRequest& request) {
  auto unpacked = unpacked_body(env_.handler, request);
  if (!unpacked) {
    const Error& error = unpacked.error();
    write_error_at(request.path, response_, http_status(error.code), code_name(error.code),
                   error.message);
    return false;
  }
  if (!unpacked->empty()) {
    unpacked_ = std::move(*unpacked);
    request.body = std::string_view(unpacked_).substr(0, unpacked_.size() - kBodyPadding);
  }
  return true;
}

void HttpSession::complete() {
  idle_since_ns_ = 0;
  finish_answer();
  if (!closing_) {
    resume();
  }
}

void HttpSession::finish_answer() {
  if (env_.draining) {
    keep_alive_ = false;
  }
  pack_answer(env_.packer, parser_.request(), response_);
  write_response(parser_.request().method == Method::kHead);
  owes_answer_ = false;
  ++messages_;
  parser_.reset();
  std::string().swap(unpacked_);
  if (response_.body.capacity() > kOutputBytes) {
    std::string().swap(response_.body);
  }
  if (!keep_alive_) {
    closing_ = true;
    // Requests that were pipelined behind it are not answered, and would turn the close into a
    // reset that can eat the answer.
    linger_ = true;
  }
}

void HttpSession::refuse(int status, std::string_view message) {
  response_.reset();
  write_error_at(parser_.request().path, response_, status, refusal_code(status), message);
  answer_and_close();
}

void HttpSession::answer_and_close() {
  keep_alive_ = false;
  write_response(false);
  env_.handler.refused(response_.status, peer_);
  closing_ = true;
  linger_ = true;
}

bool HttpSession::time_out() {
  if (closing_ || owes_answer_) {
    return true;
  }
  if (phase() == Phase::kHeader || phase() == Phase::kBody) {
    refuse(408, "the request did not arrive in time");
  }
  closing_ = true;
  return true;
}

void HttpSession::peer_closed() {
  pending_.clear();
  keep_alive_ = false;
  if (!owes_answer_) {
    closing_ = true;
  }
  linger_ = false;
}

void HttpSession::write_response(bool head_only) {
  output_ += "HTTP/1.1 ";
  append_number(output_, static_cast<std::size_t>(response_.status));
  output_ += ' ';
  output_ += reason_phrase(response_.status);
  output_ += "\r\nDate: ";
  output_ += env_.date;
  if (!response_.content_type.empty()) {
    output_ += "\r\nContent-Type: ";
    output_ += response_.content_type;
  }
  for (const auto& [name, value] : response_.headers) {
    output_.append("\r\n").append(name).append(": ").append(value);
  }
  output_ += "\r\nContent-Length: ";
  append_number(output_, response_.body.size());
  if (!keep_alive_) {
    output_ += "\r\nConnection: close";
  } else if (!parser_.request().http_1_1) {
    output_ += "\r\nConnection: keep-alive";
  }
  output_ += "\r\n\r\n";
  if (!head_only) {
    output_ += response_.body;
  }
}

}  // namespace bascule
