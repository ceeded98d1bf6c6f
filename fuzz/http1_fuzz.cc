// Fuzzes an HTTP/1 connection: any bytes, in pieces, with answers that come at once or later.
//
// However the bytes are cut, the same requests are handled and the same answers go back, but for
// 100 Continue, which only who waits is told. There is one answer for each request, in their order,
// and none behind one that closes. Requests of the simplest form are read a second time by a reader
// of this file: nothing of a body may be taken for a request.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http_session.h"

namespace bascule {
namespace {

constexpr std::uint64_t kBodyLimit = 100'000;
constexpr std::size_t kPiece = 64;
constexpr std::size_t kShort = 1000;  // bytes that may come nearly one by one
// What a session may hold back of its output, and an answer as long as a body may be.
constexpr std::size_t kMostOutput = (256 << 10) + kBodyLimit + 4096;

struct Request {
  std::string method, path, body;
  bool operator==(const Request&) const = default;
};

// An answer that there must be.
struct Due {
  int status = 200;
  bool head = false;        // it has no body
  bool is_framing = false;  // the bytes were no request
  std::string number = {};  // of the request, as a header says it
};

// Notes what it is asked. A path with "later" waits, when the connection lets it; "throw", "drop"
// and "deny" do what they say.
class Handler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const HttpRequest& head) override {
    head_ = head.method == Method::kHead;
    return kBodyLimit;
  }
  bool deny(const HttpRequest& head, HttpResponse& answer) override {
    answer.status = 403;
    return head.path.find("deny") != std::string_view::npos;
  }
  void handle(const HttpRequest& request, Responder responder) override {
    head_ = request.method == Method::kHead;
    requests.push_back(
        {std::string(request.method_text), std::string(request.path), std::string(request.body)});
    const auto asks = [&](std::string_view what) {
      return request.path.find(what) != std::string_view::npos;
    };
    if (asks("throw")) {
      throw std::runtime_error("as the path says");
    }
    due.push_back({asks("drop") ? 500 : 200, head_});
    if (asks("drop")) {
      return;
    }
    due.back().number = std::to_string(requests.size());
    responder.response().body.assign(asks("big") ? request.body.size() : 1, 'x');
    responder.response().headers.emplace_back("Request", due.back().number);
    if (keeps && asks("later")) {
      kept = std::move(responder);
    } else {
      responder.send();
    }
  }
  // Of a body that cannot be unpacked, or an exception, while the answer is owed; else of a message
  // that is no request.
  void refused(int status, std::string_view) override {
    const bool is_request = session->phase() == Session::Phase::kAnswering;
    due.push_back({status, is_request && head_, !is_request});
  }
  void after_write() override {}
  void tick() override {}

  const Session* session = nullptr;
  bool keeps = false;
  Responder kept;
  std::vector<Request> requests;
  std::vector<Due> due;

 private:
  bool head_ = false;  // of the request that was looked at last
};

// A connection without a socket.
class Connection {
 public:
  explicit Connection(bool answers_later) {
    handler_.session = &session_;
    handler_.keeps = answers_later;
    session_.set_sink(sink_);
  }
  ~Connection() {
    handler_.keeps = false;
    answer();  // a Responder may not outlive its session here
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void receive(std::span<const char> bytes) {
    clock_.advance_us(1000);
    session_.received(bytes);
    pump();
  }
  // What another thread has kept.
  bool answer() {
    if (!handler_.kept.pending()) {
      return false;
    }
    Responder kept = std::move(handler_.kept);
    kept.send();
    pump();
    return true;
  }
  void leave() { session_.peer_closed(); }
  void drain() { env_.draining = true; }
  void end() {
    while (answer()) {
    }
    session_.time_out();
    pump();
    check();
  }

  // What was sent after `end`. Why bytes are no request is left out: of those that are too many,
  // and wrong besides, either is true.
  std::string_view answers() const noexcept {
    return std::string_view(output_).substr(0, answers_);
  }
  const std::vector<Request>& requests() const noexcept { return handler_.requests; }

 private:
  struct Sink final : AnswerSink {
    explicit Sink(HttpSession& of) : session(of) {}
    void answered() override {
      if (session.in_handler()) {
        session.mark_answered();
      } else {
        session.complete();
      }
    }
    HttpSession& session;
  };

  // Writes what there is, and goes on with what waited for that.
  void pump() {
    for (bool more = true; more;) {
      take_output();
      more = session_.has_pending_input() && session_.wants_input();
      if (more) {
        session_.resume();
        more = !session_.output().empty();
      }
    }
  }
  void take_output() {
    std::string& written = session_.output();
    if (written.size() > kMostOutput) {
      std::abort();
    }
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    for (auto at = written.find(kContinue); at != std::string::npos; at = written.find(kContinue)) {
      written.erase(at, kContinue.size());
    }
    output_ += written;
    written.clear();
  }

  // The answers are the ones that are due.
  void check() {
    std::string_view rest = output_;
    for (const Due& due : handler_.due) {
      answers_ = due.is_framing ? output_.size() - rest.size() : output_.size();
      const auto end = rest.find("\r\n\r\n");
      const auto head = rest.substr(0, end);
      constexpr std::string_view kLength = "\r\nContent-Length: ";
      const auto length = head.find(kLength);
      if (end == std::string_view::npos || length == std::string_view::npos ||
          !head.starts_with(fmt::format("HTTP/1.1 {} ", due.status)) ||
          (!due.number.empty() &&
           head.find(fmt::format("\r\nRequest: {}\r\n", due.number)) == head.npos)) {
        std::abort();
      }
      std::size_t bytes = 0;
      const char* const digits = head.data() + length + kLength.size();
      std::from_chars(digits, head.data() + head.size(), bytes);
      rest.remove_prefix(end + 4);
      bytes = due.head ? 0 : bytes;
      const bool closes = head.find("\r\nConnection: close") != std::string_view::npos;
      if (bytes > rest.size() || (closes && &due != &handler_.due.back())) {
        std::abort();
      }
      rest.remove_prefix(bytes);
    }
    if (!rest.empty() || session_.phase() != Session::Phase::kClosing) {
      std::abort();
    }
  }

  Handler handler_;
  FakeClock clock_{1};
  HttpSessionEnv env_{.handler = handler_, .clock = clock_, .date = "today"};
  HttpSession session_{env_};
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>(session_);
  std::string output_;
  std::size_t answers_ = 0;
};

// A second reader, of requests that are written as plainly as they can be: it stops at anything
// else, and knows only what it has read in full.
class SimpleReader {
 public:
  explicit SimpleReader(std::string_view bytes) : rest_(bytes) {}

  std::optional<Request> next() {
    Request request;
    chunked_ = false;
    length_ = 0;
    hosts_ = 0;
    bool framed = false;
    if (!start_line(request)) {
      return std::nullopt;
    }
    for (int fields = 0; !rest_.starts_with("\r\n"); ++fields) {
      if (fields == 20 || !field(framed)) {
        return std::nullopt;
      }
    }
    rest_.remove_prefix(2);
    const bool whole = chunked_ ? chunks(request.body) : bytes(length_, request.body);
    return whole && hosts_ == 1 ? std::optional(std::move(request)) : std::nullopt;
  }

 private:
  static bool are(std::string_view text, char low, char high) noexcept {
    return !text.empty() && text.size() <= 200 &&
           std::ranges::all_of(text, [&](char c) { return c >= low && c <= high; });
  }
  std::optional<std::string_view> line() {
    const auto end = rest_.find("\r\n");
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return line;
  }
  bool start_line(Request& request) {
    const auto line = this->line();
    if (!line || !line->ends_with(" HTTP/1.1")) {
      return false;
    }
    const auto space = line->find(' ');
    request.method = line->substr(0, space);
    request.path = line->substr(space + 1, line->size() - space - 1 - 9);
    constexpr std::string_view kMethods[] = {"GET", "POST", "HEAD", "PUT", "DELETE"};
    return std::ranges::find(kMethods, request.method) != std::end(kMethods) &&
           are(request.path, '!', '~') && request.path[0] == '/' &&
           request.path.find_first_of("?#") == std::string::npos &&
           request.path.find("deny") == std::string::npos;
  }
  bool field(bool& framed) {
    const auto line = this->line();
    const auto colon = line ? line->find(": ") : std::string_view::npos;
    if (colon == std::string_view::npos) {
      return false;
    }
    const auto name = line->substr(0, colon);
    const auto value = line->substr(colon + 2);
    if (!are(value, ' ', '~')) {
      return false;
    }
    if (same_token(name, "host")) {
      ++hosts_;
      return true;
    }
    if (same_token(name, "content-length")) {
      const bool plain = are(value, '0', '9') && value.size() <= 5 && (value[0] != '0');
      std::from_chars(value.data(), value.data() + value.size(), length_);
      return plain && !std::exchange(framed, true);
    }
    if (same_token(name, "transfer-encoding")) {
      chunked_ = true;
      return value == "chunked" && !std::exchange(framed, true);
    }
    return same_token(name, "accept-encoding") || same_token(name, "content-type") ||
           same_token(name, "accept");
  }
  bool bytes(std::size_t count, std::string& out) {
    if (count > rest_.size()) {
      return false;
    }
    out += rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  bool chunks(std::string& out) {
    while (true) {
      const auto line = this->line();
      std::size_t size = 0;
      if (!line || line->empty() || line->size() > 4 || (*line)[0] == '-') {
        return false;
      }
      const char* const begin = line->data();
      const char* const end = begin + line->size();
      if (std::from_chars(begin, end, size, 16).ptr != end || !bytes(size, out) ||
          !rest_.starts_with("\r\n")) {
        return false;
      }
      rest_.remove_prefix(2);
      if (size == 0) {
        return true;
      }
    }
  }

  std::string_view rest_;
  std::size_t length_ = 0;
  std::size_t hosts_ = 0;
  bool chunked_ = false;
};

void check_simple_requests(std::string_view bytes, const std::vector<Request>& handled) {
  SimpleReader reader(bytes);
  for (std::size_t i = 0;; ++i) {
    const auto request = reader.next();
    if (!request) {
      return;
    }
    if (i >= handled.size() || handled[i] != *request) {
      std::abort();
    }
  }
}

// In pieces of 1 to `most` bytes, as `seed` chooses. What waits is answered between some of them.
void receive_in_pieces(Connection& connection, std::string_view bytes, std::size_t most,
                       unsigned seed) {
  while (!bytes.empty()) {
    seed = seed * 1103515245 + 12345;
    const std::size_t count = std::min<std::size_t>(1 + (seed >> 16) % most, bytes.size());
    connection.receive(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if ((seed >> 24) % 2 == 0) {
      connection.answer();
    }
  }
}

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  if (size == 0) {
    return 0;
  }
  // The last byte chooses the pieces.
  const unsigned seed = data[size - 1];
  const std::string_view bytes(reinterpret_cast<const char*>(data), size - 1);

  Connection whole(false);
  whole.receive(bytes);
  whole.end();
  check_simple_requests(bytes, whole.requests());

  for (const bool later : {false, true}) {
    Connection pieces(later);
    receive_in_pieces(pieces, bytes, later || bytes.size() > kShort ? kPiece : 3, seed);
    pieces.end();
    if (pieces.requests() != whole.requests() || pieces.answers() != whole.answers()) {
      std::abort();
    }
  }

  // The server stops, or the peer goes, in the middle.
  Connection cut(true);
  receive_in_pieces(cut, bytes.substr(0, bytes.size() / 2), kPiece, seed);
  if (seed % 2 == 0) {
    cut.drain();
    receive_in_pieces(cut, bytes.substr(bytes.size() / 2), kPiece, seed);
  } else {
    cut.leave();
  }
  cut.end();
  return 0;
}
