#include "api/http2_session.h"

#include <gtest/gtest.h>

#include "api/http2_preface.h"
#include "api/http2_test_client.inc"

namespace bascule {
namespace {

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

TEST_F(Http2Test, ResetsARefusedBodyOnlyWhenItHasNoEnd) {
  Body body{.text = std::string(2 << 20, 'x')};
  const auto whole = ask("POST", "/a", {{"content-length", "2097152"}}, &body);
  exchange();
  EXPECT_EQ(got[whole].headers[":status"], "413");
  EXPECT_EQ(body.sent, body.text.size());
  EXPECT_EQ(got[whole].resets, 0);
  Body endless{.text = std::string(limits::kHttpLingerBytes + (4 << 20), 'x')};
  const auto over = ask("POST", "/a", {}, &endless);
  exchange();
  EXPECT_EQ(got[over].headers[":status"], "413");
  EXPECT_LT(endless.sent, endless.text.size());
  EXPECT_EQ(got[over].resets, 1);
  EXPECT_TRUE(got[over].closed);
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
