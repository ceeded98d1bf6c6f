#include "api/http_session.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "api/error_json.h"
#include "base/limits.h"

namespace bascule {
namespace {

// Answers with the method, path and body of the request; special paths misbehave.
class EchoHandler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const HttpRequest&) override { return limit; }
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
    if (request.path == "/drop") {
      return;
    }
    HttpResponse& response = responder.response();
    response.content_type = "text/plain";
    response.body = std::string(request.method_text) + " " + std::string(request.path) + " " +
                    std::string(request.body);
    if (request.path == "/missing") {
      response.status = 404;
    }
    if (request.path == "/later") {
      kept = std::move(responder);
      return;
    }
    responder.send();
  }
  void refused(int status, std::string_view) override { last_refusal = status; }
  void after_write() override {}
  void tick() override {}

  std::uint64_t limit = 1 << 20;
  int handled = 0;
  int last_refusal = 0;
  Responder kept;
};

// A connection without a socket: what is sent, what comes back.
class SessionTest : public ::testing::Test {
 protected:
  struct Sink final : AnswerSink {
    explicit Sink(HttpSession& session) : session(session) {}
    void answered() override {
      if (session.in_handler()) {
        session.mark_answered();
      } else {
        session.complete();
      }
    }
    HttpSession& session;
  };

  SessionTest() { session.set_sink(sink); }

  std::string send(std::string_view bytes) {
    session.received({bytes.data(), bytes.size()});
    return std::exchange(session.output(), {});
  }
  std::string send_byte_by_byte(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) {
      out += send({&byte, 1});
    }
    return out;
  }

  EchoHandler handler;
  FakeClock clock{0};
  HttpSessionEnv env{.handler = handler, .clock = clock, .date = http_date(0)};
  HttpSession session{env};
  std::shared_ptr<Sink> sink = std::make_shared<Sink>(session);
};

std::string status_of(const std::string& answer) {
  return answer.substr(9, 3);
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

constexpr std::string_view kPost =
    "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(SessionTest, AnswersInOneWriteWithLengthAndDate) {
  EXPECT_EQ(send(kPost),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
            "Content-Length: 13\r\n\r\nPOST /a hello");
}

TEST_F(SessionTest, GivesTheSameAnswerHoweverTheBytesArrive) {
  const std::string whole = send(kPost);
  EXPECT_EQ(send_byte_by_byte(kPost), whole);
  for (std::size_t cut = 1; cut < kPost.size(); ++cut) {
    EXPECT_EQ(send(kPost.substr(0, cut)), "") << cut;
    EXPECT_EQ(send(kPost.substr(cut)), whole) << cut;
  }
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrderFromOneRead) {
  const auto answer = send(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
      "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto one = answer.find("GET /1 ");
  const auto two = answer.find("POST /2 ab");
  const auto three = answer.find("GET /3 ");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST_F(SessionTest, ReadsChunkedBodiesAndDropsTrailers) {
  constexpr std::string_view kChunked =
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: y\r\n\r\n";
  EXPECT_EQ(body_of(send(kChunked)), "POST /c abcde");
  EXPECT_EQ(body_of(send_byte_by_byte(kChunked)), "POST /c abcde");
}

// Of its only chunk Beast would assert that the whole is there when it is asked a second time.
TEST_F(SessionTest, ReadsAnEmptyChunkedBodyHoweverItArrives) {
  constexpr std::string_view kEmpty =
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  EXPECT_EQ(body_of(send(kEmpty)), "POST /c ");
  EXPECT_EQ(body_of(send_byte_by_byte(kEmpty)), "POST /c ");
}

TEST_F(SessionTest, AnswersHeadWithTheLengthOfGetAndNoBody) {
  const auto answer = send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(SessionTest, KeepsTheConnectionAfterA404) {
  EXPECT_EQ(status_of(send("GET /missing HTTP/1.1\r\nHost: x\r\n\r\n")), "404");
  EXPECT_EQ(session.phase(), HttpSession::Phase::kIdle);
  EXPECT_EQ(status_of(send("GET /ok HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
}

TEST_F(SessionTest, ClosesWhenTheClientOrTheVersionSaysSo) {
  const auto answer = send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(session.phase(), HttpSession::Phase::kClosing);
}

TEST_F(SessionTest, SpeaksHttp10) {
  const auto kept = send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(kept.find("Connection: keep-alive\r\n"), std::string::npos);
  const auto closed = send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(closed.find("Connection: close\r\n"), std::string::npos);
}

TEST_F(SessionTest, TellsTheClientToGoOnBeforeTheBody) {
  EXPECT_EQ(send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(send("hi")), "POST / hi");
}

TEST_F(SessionTest, AnswersLaterFromAnotherPlaceAndHoldsTheNextRequestBack) {
  EXPECT_EQ(send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n"),
            "");
  EXPECT_EQ(session.phase(), HttpSession::Phase::kAnswering);
  EXPECT_EQ(handler.handled, 1);
  handler.kept.send();
  const std::string answers = session.output();
  EXPECT_LT(answers.find("GET /later"), answers.find("GET /next"));
}

TEST_F(SessionTest, TurnsAnExceptionIntoA500AndGoesOn) {
  EXPECT_EQ(status_of(send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
  EXPECT_EQ(env.handler_exceptions, 1U);
  EXPECT_EQ(status_of(send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "200");
}

TEST_F(SessionTest, AnswersForAHandlerThatDoesNot) {
  EXPECT_EQ(status_of(send("GET /drop HTTP/1.1\r\nHost: x\r\n\r\n")), "500");
}

TEST_F(SessionTest, RefusesAnAnnouncedBodyBeforeReadingIt) {
  handler.limit = 100'000;
  const auto fits =
      send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(fits, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(status_of(send(std::string(100'000, 'x'))), "200");
  EXPECT_EQ(status_of(send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n")), "413");
  EXPECT_EQ(session.phase(), HttpSession::Phase::kClosing);
  EXPECT_TRUE(session.should_linger());
}

// Whoever may not ask is not read for, whatever the route would take.
TEST_F(SessionTest, DeniesBeforeItReadsALargeBody) {
  const auto answer = send("POST /denied HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
  EXPECT_NE(answer.find("\r\nWWW-Authenticate: Bearer\r\n"), std::string::npos) << answer;
  EXPECT_EQ(session.phase(), Session::Phase::kClosing);
  EXPECT_EQ(handler.last_refusal, 401);
  EXPECT_EQ(handler.handled, 0);
}

TEST_F(SessionTest, RefusesAChunkedBodyOnceItIsTooLong) {
  handler.limit = 0;  // at least kBodyReadUnasked is always read
  const auto chunk = [](std::size_t size) {
    return fmt::format("{:x}\r\n{}\r\n", size, std::string(size, 'x'));
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(status_of(send(head + chunk(kBodyReadUnasked) + "0\r\n\r\n")), "200");
  EXPECT_EQ(status_of(send(head + chunk(kBodyReadUnasked) + chunk(1) + "0\r\n\r\n")), "413");
}

TEST_F(SessionTest, LimitsTheBytesOfTheHeader) {
  // The start line counts its bytes and its end, a field its bytes, ": " and its end.
  const auto request = [](std::size_t header_bytes) {
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
    return start + "A: " + std::string(header_bytes - start.size() - 5, 'y') + "\r\n\r\n";
  };
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaderBytes - 1))), "200");
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaderBytes))), "200");
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaderBytes + 1))), "431");
}

TEST_F(SessionTest, LimitsTheBytesOfTheHeaderHoweverTheyArrive) {
  std::string request = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 60; ++i) {
    request += "A: " + std::string(200, 'y') + "\r\n";
  }
  EXPECT_EQ(status_of(send_byte_by_byte(request + "\r\n")), "431");
}

TEST_F(SessionTest, LimitsTheNumberOfHeaders) {
  const auto request = [](std::size_t headers) {
    std::string text = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (std::size_t i = 1; i < headers; ++i) {
      text += "A: b\r\n";
    }
    return text + "\r\n";
  };
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaders))), "200");
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaders + 1))), "431");
}

TEST_F(SessionTest, LimitsTheTarget) {
  const auto request = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  };
  EXPECT_EQ(status_of(send(request(limits::kHttpTargetBytes))), "200");
  EXPECT_EQ(status_of(send(request(limits::kHttpTargetBytes + 1))), "414");
}

TEST_F(SessionTest, LimitsTrailers) {
  std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n";
  for (int i = 0; i < 100; ++i) {
    request += "A: " + std::string(100, 'y') + "\r\n";
  }
  EXPECT_EQ(send(request + "\r\n").substr(0, 10), "HTTP/1.1 4");
  EXPECT_EQ(session.phase(), HttpSession::Phase::kClosing);
}

TEST_F(SessionTest, LimitsTheLineOfAChunkHoweverItArrives) {
  const auto request = [](std::size_t line_bytes) {
    return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
           std::string(line_bytes - 4, 'y') + "\r\na\r\n0\r\n\r\n";
  };
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaderBytes))), "200");
  EXPECT_EQ(status_of(send_byte_by_byte(request(limits::kHttpHeaderBytes))), "200");
  EXPECT_EQ(status_of(send(request(limits::kHttpHeaderBytes + 1))), "431");
}

TEST_F(SessionTest, LimitsTheLineOfAChunkThatArrivesByteByByte) {
  const std::string line = "1;" + std::string(limits::kHttpHeaderBytes, 'y') + "\r\na\r\n0\r\n\r\n";
  EXPECT_EQ(status_of(send_byte_by_byte(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + line)),
            "431");
}

TEST_F(SessionTest, AnswersTooSlowOnlyWhenAMessageHasBegun) {
  session.time_out();
  EXPECT_EQ(session.output(), "");
}

TEST_F(SessionTest, AnswersTooSlowInTheMiddleOfAMessage) {
  send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_EQ(session.phase(), HttpSession::Phase::kBody);
  session.time_out();
  EXPECT_EQ(status_of(session.output()), "408");
}

TEST_F(SessionTest, ClosesAfterTheAnswerWhileDraining) {
  env.draining = true;
  EXPECT_NE(send(kPost).find("Connection: close\r\n"), std::string::npos);
}

TEST_F(SessionTest, TakesTheAbsoluteFormThatProxiesSend) {
  EXPECT_EQ(body_of(send("GET http://x/p?q HTTP/1.1\r\nHost: x\r\n\r\n")), "GET /p ");
}

// Every form that some server reads as another request than some proxy does.
struct Refused {
  const char* name;
  const char* bytes;
  const char* status;
};

class SmugglingTest : public SessionTest, public ::testing::WithParamInterface<Refused> {};

TEST_P(SmugglingTest, IsRefusedAndTheConnectionIsGivenUp) {
  const auto answer = send(GetParam().bytes);
  EXPECT_EQ(status_of(answer), GetParam().status) << answer;
  EXPECT_EQ(session.phase(), HttpSession::Phase::kClosing);
  EXPECT_EQ(handler.handled, 0);
  EXPECT_EQ(handler.last_refusal, std::stoi(GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, SmugglingTest,
    ::testing::Values(
        Refused{"LengthAndChunked",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                "\r\n0\r\n\r\n",
                "400"},
        Refused{"ChunkedAndLength",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n"
                "\r\n0\r\n\r\n",
                "400"},
        Refused{"TwoLengths",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                "400"},
        Refused{"TheSameLengthTwice",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
                "400"},
        Refused{"AListOfLengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
                "400"},
        Refused{"SignedLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
                "400"},
        Refused{"HexLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", "400"},
        Refused{"HugeLength",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
                "400"},
        Refused{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
        Refused{"BareLineFeeds", "GET / HTTP/1.1\nHost: x\n\n", "505"},
        Refused{"NoHost", "GET / HTTP/1.1\r\n\r\n", "400"},
        Refused{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
        Refused{"CodingThatIsNotChunked",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "501"},
        Refused{"ChunkedNotLast",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
                "501"},
        Refused{"ChunkedIn10",
                "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
        Refused{"NotAPath", "GET x HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
        Refused{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
        Refused{"NotHttp", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
        Refused{"UnknownExpectation",
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 1\r\n\r\na", "417"}),
    [](const auto& info) { return info.param.name; });

TEST_F(SessionTest, RefusesANulInAHeader) {
  std::string request = "GET / HTTP/1.1\r\nHost: x\r\nA: b";
  request.push_back('\0');
  request += "c\r\n\r\n";
  EXPECT_EQ(status_of(send(request)), "400");
}

TEST_F(SessionTest, RefusesABadChunkAfterItHasTakenTheHeader) {
  EXPECT_EQ(status_of(send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "zz\r\nabc\r\n0\r\n\r\n")),
            "400");
}

}  // namespace
}  // namespace bascule
