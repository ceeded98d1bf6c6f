// Fuzzes an HTTP/2 connection: any bytes behind the preface, in pieces, and time that passes.
//
// Whatever comes, the session ends or goes on; it holds no more than its limits say, and an answer
// that comes when its stream is gone goes nowhere. A gRPC call of a path with an "s" is a stream.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "api/http2_session.h"
#include "api/http_session.h"

namespace bascule {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kMostOutput = 1 << 20;

class Handler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const HttpRequest&) override { return 100'000; }
  bool streams(const HttpRequest& head) override {
    return head.path.find('s') != std::string_view::npos;
  }
  void handle(const HttpRequest& request, Responder responder) override {
    HttpResponse& response = responder.response();
    response.body = request.grpc ? request.body : request.path;
    // A message of one byte fails, of two fails and the stream goes on.
    if (request.call_began_ns != 0 && (request.body.size() == 6 || request.body.size() == 7)) {
      response.status = 400;
      response.goes_on = request.body.size() == 7;
    }
    if (request.path.size() % 2 == 0) {
      kept.push_back(std::move(responder));
    } else {
      responder.send();
    }
  }
  void refused(int, std::string_view) override {}
  void after_write() override {}
  void tick() override {}
  // As another thread would, when it has time.
  void answer_oldest() {
    if (!kept.empty()) {
      Responder oldest = std::move(kept.front());
      kept.erase(kept.begin());
      oldest.send();
    }
  }
  std::vector<Responder> kept;
};

struct Owner final : SessionOwner {
  bool on_loop_thread() const noexcept override { return true; }
  void post(std::function<void()> task) override { task(); }
};

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  FakeClock clock(1);
  Handler handler;
  HttpSessionEnv env{.handler = handler, .clock = clock, .date = "today"};
  const auto owner = std::make_shared<Owner>();
  auto session = make_http2_session(env, owner);
  session->received({kPreface.data(), kPreface.size()});
  // The first byte says in which pieces the others come.
  const std::size_t step = size == 0 ? 1 : 1 + data[0];
  for (std::size_t at = 1; at < size; at += step) {
    const std::size_t count = std::min(step, size - at);
    session->received({reinterpret_cast<const char*>(data) + at, count});
    if (session->output().size() > kMostOutput) {
      std::abort();
    }
    session->output().clear();
    clock.advance_us(1000);
    if (data[at] % 2 == 0) {
      handler.answer_oldest();
    }
  }
  if (size % 2 == 0) {
    session->time_out();
  }
  handler.kept.clear();  // answers 500
  session->resume();
  session.reset();
  return 0;
}
