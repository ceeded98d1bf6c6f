#include "api/handler.h"

#include <strings.h>

#include "api/error_json.h"

namespace bascule {

bool same_token(std::string_view a, std::string_view b) noexcept {
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size is given
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOther:
      break;
  }
  return "other";
}

std::string_view HttpRequest::header(std::string_view name) const noexcept {
  for (const auto& header : headers) {
    if (header.name.size() == name.size() && same_token(header.name, name)) {
      return header.value;
    }
  }
  return {};
}

std::size_t HttpRequest::count(std::string_view name) const noexcept {
  std::size_t count = 0;
  for (const auto& header : headers) {
    if (same_token(header.name, name)) {
      ++count;
    }
  }
  return count;
}

Responder::~Responder() {
  if (!pending()) {
    return;
  }
  response_->reset();
  write_error(*response_, 500, "internal", "the request was dropped without an answer");
  send();
}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(sink_, other.sink_);
  std::swap(response_, other.response_);
  return *this;
}

void Responder::send() {
  // Moved out first: the sink may start the next request on this connection at once.
  const auto sink = std::exchange(sink_, nullptr);
  sink->answered();
}

}  // namespace bascule
