#include "api/http2_session.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <map>
#include <stdexcept>
#include <vector>

#include "api/error_json.h"
#include "api/http_session.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

class EchoHandler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const HttpRequest&) override { return 1 << 20; }
  bool deny(const HttpRequest& head, HttpResponse& answer) override {
    if (head.path == "/denied") {
      write_error(answer, 401, "unauthorized", "this needs a token");
      answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    }
    return head.path == "/denied";
  }
  void handle(const HttpRequest& request, Responder responder) override {
    ++handled;
    if (request.path == "/throw") {
      throw std::runtime_error("nobody expected this");
    }
    HttpResponse& response = responder.response();
    response.content_type = "text/plain";
    response.headers.emplace_back("X-Host", std::string(request.header("host")));
    response.body = std::string(request.method_text) + " " + std::string(request.path) + " " +
                    std::string(request.body);
    if (request.path == "/missing") {
      response.status = 404;
    }
    if (request.path == "/large") {
      response.body.assign(1 << 20, 'x');
    }
    if (request.path == "/later") {
      kept.push_back(std::move(responder));
      return;
    }
    responder.send();
  }
  void refused(int status, std::string_view) override { last_refusal = status; }
  void after_write() override {}
  void tick() override {}

  int handled = 0;
  int last_refusal = 0;
  std::vector<Responder> kept;
};

struct Owner final : SessionOwner {
  bool on_loop_thread() const noexcept override { return true; }
  void post(std::function<void()> task) override { task(); }
};

// What a client was answered on one stream.
struct Got {
  std::map<std::string, std::string> headers;
  std::string body;
  bool closed = false;
  std::uint32_t error = 0;
};

// nghttp2's own client, joined to a session without sockets.
class Http2Test : public ::testing::Test {
 protected:
  Http2Test() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* user) {
          auto& got = static_cast<Http2Test*>(user)->got[frame->hd.stream_id];
          got.headers[std::string(reinterpret_cast<const char*>(name), name_size)] =
              std::string(reinterpret_cast<const char*>(value), value_size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                      std::size_t size, void* user) {
          static_cast<Http2Test*>(user)->got[id].body.append(reinterpret_cast<const char*>(bytes),
                                                             size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          if (frame->hd.type == NGHTTP2_GOAWAY) {
            static_cast<Http2Test*>(user)->goaway = frame->goaway.error_code;
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
          auto& got = static_cast<Http2Test*>(user)->got[id];
          got.closed = true;
          got.error = error;
          return 0;
        });
    nghttp2_session_client_new(&client, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Test() override { nghttp2_session_del(client); }

  // Carries bytes both ways until nobody has any.
  void exchange() {
    for (bool moved = true; moved;) {
      moved = false;
      const std::uint8_t* bytes = nullptr;
      for (ssize_t size = 0; (size = nghttp2_session_mem_send(client, &bytes)) > 0;) {
        session->received({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
        moved = true;
      }
      session->resume();
      const std::string out = std::exchange(session->output(), {});
      if (!out.empty()) {
        nghttp2_session_mem_recv(client, reinterpret_cast<const std::uint8_t*>(out.data()),
                                 out.size());
        moved = true;
      }
    }
  }

  struct Body {
    std::string text;
    std::size_t sent = 0;
    bool complete = true;  // else the stream stays open
  };
  std::int32_t ask(std::string method, std::string path,
                   std::vector<std::pair<std::string, std::string>> more = {},
                   Body* body = nullptr) {
    std::vector<std::pair<std::string, std::string>> headers{
        {":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "localhost"}};
    headers.insert(headers.end(), more.begin(), more.end());
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : headers) {
      fields.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                        reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider provider{};
    provider.source.ptr = body;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source* source,
                                void*) -> ssize_t {
      auto& sent = *static_cast<Body*>(source->ptr);
      const std::size_t count = std::min(size, sent.text.size() - sent.sent);
      std::copy_n(sent.text.data() + sent.sent, count, out);
      sent.sent += count;
      if (sent.sent < sent.text.size()) {
        return static_cast<ssize_t>(count);
      }
      if (sent.complete) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
      } else if (count == 0) {
        return NGHTTP2_ERR_DEFERRED;
      }
      return static_cast<ssize_t>(count);
    };
    return nghttp2_submit_request(client, nullptr, fields.data(), fields.size(),
                                  body == nullptr ? nullptr : &provider, nullptr);
  }

  FakeClock clock{0};
  EchoHandler handler;
  HttpSessionEnv env{.handler = handler, .clock = clock, .date = "today"};
  std::shared_ptr<Owner> owner = std::make_shared<Owner>();
  std::unique_ptr<Session> session = make_http2_session(env, owner);
  nghttp2_session* client = nullptr;
  std::map<std::int32_t, Got> got;
  std::optional<std::uint32_t> goaway;
};

TEST_F(Http2Test, AnswersARequestAsHttp1Does) {
  Body body{.text = "rows"};
  const auto id = ask("POST", "/a?b=c", {}, &body);
  const auto other = ask("GET", "/missing");
  exchange();
  EXPECT_EQ(got[id].headers[":status"], "200");
  EXPECT_EQ(got[id].headers["x-host"], "localhost");
  EXPECT_EQ(got[id].headers["date"], "today");
  EXPECT_EQ(got[id].headers["content-type"], "text/plain");
  EXPECT_EQ(got[id].body, "POST /a rows");
  EXPECT_TRUE(got[id].closed);
  EXPECT_EQ(got[other].headers[":status"], "404");
  EXPECT_EQ(session->phase(), Session::Phase::kIdle);
}

TEST_F(Http2Test, AnswersEachStreamWhenItsAnswerIsThere) {
  const auto slow = ask("GET", "/later");
  const auto fast = ask("GET", "/now");
  exchange();
  EXPECT_FALSE(got[slow].closed);
  EXPECT_TRUE(got[fast].closed);
  EXPECT_EQ(session->phase(), Session::Phase::kAnswering);
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(got[slow].body, "GET /later ");
}

TEST_F(Http2Test, TurnsAGrpcErrorIntoTrailers) {
  Body body{.text = std::string(5, '\0')};
  const auto good = ask("POST", "/a", {{"content-type", "application/grpc"}}, &body);
  Body again{.text = std::string(5, '\0')};
  const auto bad = ask("POST", "/missing", {{"content-type", "application/grpc+proto"}}, &again);
  exchange();
  EXPECT_EQ(got[good].headers["grpc-status"], "0");
  EXPECT_EQ(got[bad].headers[":status"], "200");
  EXPECT_EQ(got[bad].headers["grpc-status"], "5");
  EXPECT_EQ(got[bad].headers["grpc-message"].substr(0, 13), "POST /missing");
  EXPECT_EQ(got[bad].body, "");
}

TEST_F(Http2Test, AnAnswerThatNobodyWaitsForGoesNowhere) {
  const auto id = ask("GET", "/later");
  exchange();
  nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  exchange();
  EXPECT_EQ(session->phase(), Session::Phase::kIdle);
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(got[id].body, "");
  session.reset();
  handler.kept.clear();
}

TEST_F(Http2Test, AnAnswerMayOutliveItsConnection) {
  ask("GET", "/later");
  exchange();
  session.reset();
  owner.reset();
  handler.kept.front().send();
}

TEST_F(Http2Test, AnExceptionIsA500) {
  const auto id = ask("GET", "/throw");
  exchange();
  EXPECT_EQ(got[id].headers[":status"], "500");
  EXPECT_EQ(env.handler_exceptions, 1U);
}

TEST_F(Http2Test, SendsALargeAnswerAsTheWindowAllows) {
  const auto id = ask("GET", "/large");
  exchange();
  EXPECT_EQ(got[id].body.size(), 1U << 20);
  EXPECT_TRUE(got[id].closed);
}

TEST_F(Http2Test, RefusesABodyBeforeItIsRead) {
  Body body{.text = std::string(2 << 20, 'x')};
  const auto announced = ask("POST", "/a", {{"content-length", "2097152"}}, &body);
  Body silent{.text = std::string(2 << 20, 'x')};
  const auto unannounced = ask("POST", "/a", {}, &silent);
  exchange();
  EXPECT_EQ(got[announced].headers[":status"], "413");
  EXPECT_EQ(got[unannounced].headers[":status"], "413");
  EXPECT_TRUE(got[unannounced].closed);
  EXPECT_EQ(handler.handled, 0);
}

TEST_F(Http2Test, DeniesBeforeItReadsALargeBodyAndGoesOn) {
  Body body{.text = std::string(100'000, 'x')};
  const auto announced = ask("POST", "/denied", {{"content-length", "100000"}}, &body);
  Body silent{.text = std::string(100'000, 'x')};
  const auto unannounced = ask("POST", "/denied", {}, &silent);
  exchange();
  EXPECT_EQ(got[announced].headers[":status"], "401");
  EXPECT_EQ(got[announced].headers["www-authenticate"], "Bearer");
  EXPECT_EQ(got[unannounced].headers[":status"], "401");
  EXPECT_EQ(handler.handled, 0);
  const auto next = ask("GET", "/a");
  exchange();
  EXPECT_EQ(got[next].headers[":status"], "200");
}

TEST_F(Http2Test, BoundsWhatAllBodiesOfAConnectionHold) {
  std::vector<std::unique_ptr<Body>> bodies;
  for (int i = 0; i < 40; ++i) {
    bodies.push_back(std::make_unique<Body>(
        Body{.text = std::string((1 << 20) - 1, 'x'), .sent = 0, .complete = false}));
    ask("POST", "/a", {}, bodies.back().get());
  }
  exchange();
  EXPECT_EQ(handler.last_refusal, 429);
}

TEST_F(Http2Test, RefusesAHeaderBeyondTheLimitsAndGoesOn) {
  const auto wide = ask("GET", "/a", {{"wide", std::string(9000, 'x')}});
  std::vector<std::pair<std::string, std::string>> many;
  for (std::size_t i = 0; i <= limits::kHttpHeaders; ++i) {
    many.emplace_back("h" + std::to_string(i), "v");
  }
  const auto long_list = ask("GET", "/a", many);
  const auto path = ask("GET", "/" + std::string(5000, 'x'));
  const auto fine = ask("GET", "/a");
  exchange();
  EXPECT_EQ(got[wide].headers[":status"], "431");
  EXPECT_EQ(got[long_list].headers[":status"], "431");
  EXPECT_EQ(got[path].headers[":status"], "414");
  EXPECT_EQ(got[fine].headers[":status"], "200");
}

// Each block names one long entry of the table again and again: a few bytes become many.
TEST_F(Http2Test, CutsAnHpackBomb) {
  std::vector<std::pair<std::string, std::string>> bomb;
  for (int i = 0; i < 30; ++i) {
    bomb.emplace_back("bomb", std::string(2000, 'x'));
  }
  for (int i = 0; i < 2000 && !goaway; ++i) {
    ask("GET", "/a", bomb);
    if (i % 50 == 0) {
      exchange();
    }
  }
  ASSERT_TRUE(goaway);
  EXPECT_EQ(handler.handled, 0);
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
}

TEST_F(Http2Test, CutsRapidResets) {
  int asked = 0;
  for (; asked < 20'000 && !goaway; ++asked) {
    const auto id = ask("GET", "/later");
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(client, &bytes);
    ASSERT_GE(size, 0);
    session->received({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    exchange();
  }
  ASSERT_TRUE(goaway);
  EXPECT_EQ(*goaway, NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_LE(asked, 1001);
}

TEST_F(Http2Test, ForgivesResetsThatAreSpread) {
  for (int i = 0; i < 3000 && !goaway; ++i) {
    const auto id = ask("GET", "/later");
    exchange();
    nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    exchange();
    clock.advance_us(kSecondUs / 10);
  }
  EXPECT_FALSE(goaway);
}

TEST_F(Http2Test, HoldsAPeerToTheNumberOfStreams) {
  exchange();
  EXPECT_EQ(nghttp2_session_get_remote_settings(client, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS),
            limits::kHttp2Streams);
}

TEST_F(Http2Test, ASlowBodyTimesOutAloneAndByItsOwnTime) {
  Body slow{.text = "x", .sent = 0, .complete = false};
  const auto id = ask("POST", "/a", {}, &slow);
  exchange();
  EXPECT_EQ(session->phase(), Session::Phase::kBody);
  EXPECT_EQ(session->since_ns(), 0);
  const auto before = session->messages();
  clock.advance_us(20 * kSecondUs);
  const auto fast = ask("GET", "/now");
  exchange();
  EXPECT_TRUE(got[fast].closed);
  EXPECT_EQ(session->since_ns(), 0) << "a younger stream must not extend it";
  EXPECT_EQ(session->messages(), before);
  session->time_out();
  exchange();
  EXPECT_EQ(got[id].headers[":status"], "408");
  EXPECT_EQ(session->phase(), Session::Phase::kIdle);
  EXPECT_FALSE(goaway);
}

TEST_F(Http2Test, AnIdlePeerIsToldToGo) {
  exchange();
  session->time_out();
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
  exchange();
  EXPECT_EQ(*goaway, NGHTTP2_NO_ERROR);
}

TEST_F(Http2Test, DrainsWhatHasBegun) {
  const auto id = ask("GET", "/later");
  exchange();
  env.draining = true;
  session->resume();
  exchange();
  EXPECT_EQ(*goaway, NGHTTP2_NO_ERROR);
  EXPECT_EQ(session->phase(), Session::Phase::kAnswering);
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(got[id].body, "GET /later ");
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
}

TEST_F(Http2Test, GarbageEndsTheConnection) {
  const std::string garbage = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(100, 'x');
  session->received({garbage.data(), garbage.size()});
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
}

TEST(Http2Preface, TellsItFromHttp1) {
  const auto preface = [](std::string_view text) {
    return http2_preface({text.data(), text.size()});
  };
  EXPECT_EQ(preface("P"), Preface::kMaybe);
  EXPECT_EQ(preface("PRI"), Preface::kMaybe);
  EXPECT_EQ(preface("PRI * HTTP/2.0\r\n"), Preface::kYes);
  EXPECT_EQ(preface("POST / HTTP/1.1\r\n"), Preface::kNo);
  EXPECT_EQ(preface("GET"), Preface::kNo);
}

}  // namespace
}  // namespace bascule
