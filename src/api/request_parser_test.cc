// A header that is plain is not read by Beast: it must mean what Beast reads in it.

#include "api/request_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "api/plain_head.h"

namespace bascule {
namespace {

// Everything that the parser says of `text`, when `first` bytes of it come before the others. What
// comes in pieces is never plain.
std::string read(std::string_view text, std::size_t first) {
  RequestParser parser;
  std::string out;
  std::size_t used = 0;
  for (std::size_t end = first;;) {
    std::size_t taken = 0;
    const auto event = parser.feed(text.substr(used, end - used), taken);
    used += taken;
    if (event == RequestParser::Event::kNeedMore) {
      if (end == text.size()) {
        return fmt::format("{} needs more, header {}", out, parser.header_done());
      }
      end = text.size();
    } else if (event == RequestParser::Event::kHeader) {
      out += fmt::format("header of {}; ", parser.content_length().value_or(0));
    } else if (event == RequestParser::Event::kRefused) {
      return fmt::format("{} {}", parser.refusal().status, parser.refusal().message);
    } else {
      break;
    }
  }
  const HttpRequest& request = parser.request();
  out += fmt::format("{} {} {} ? {} {} {} [{}] {} used", static_cast<int>(request.method),
                     request.method_text, request.path, request.query, request.http_1_1,
                     request.keep_alive, request.body, used);
  for (const HttpHeader& header : request.headers) {
    out += fmt::format("; {}={}", header.name, header.value);
  }
  EXPECT_EQ(request.body.data()[request.body.size()], '\0');
  return out;
}

TEST(RequestParser, ReadsPlainHeadersAsBeastReadsThem) {
  std::mt19937_64 random(5);
  const auto one_of = [&](const std::vector<std::string>& words) {
    return words[random() % words.size()];
  };
  const auto maybe = [&](const std::string& usual, const std::vector<std::string>& others) {
    return random() % 6 == 0 ? one_of(others) : usual;
  };
  std::size_t plain = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text =
        maybe("POST", {"GET", "HEAD", "PUT", "DELETE", "PATCH", "get", ""}) + " " +
        maybe("/v2/models/a/infer", {"/", "/a?b=c&d", "/a%2fb??", "/a b", "x", "*", "http://h/a",
                                     "/\xc3\xa9", "/a#b", "/\"<>"}) +
        maybe(" HTTP/1.1\r\n", {" HTTP/1.0\r\n", " HTTP/1.1\n", "\r\n", " HTTP/1.1 "});
    text +=
        maybe("Host: localhost\r\n", {"", "host:h\r\n", "Host: a\r\nHost: b\r\n", "Host: \r\n"});
    for (std::uint64_t more = random() % 4; more > 0; --more) {
      text +=
          maybe("X-A: b c\r\n",
                {"Connection: close\r\n", "Expect: 100-continue\r\n", "X: \t1 \r\n", "X : 1\r\n",
                 "Transfer-Encoding: chunked\r\n", "X:1\r\n", " folded\r\n", "X: \x01\r\n",
                 "Content-Length: 4\r\n", "X: 1\n", "Upgrade: h2c\r\n", "TE: x\r\n", "!#: 1\r\n",
                 "X: \xc3\xa9\r\n", "Keep-Alive: 5\r\n", "Proxy-Connection: close\r\n"});
    }
    text += maybe("Content-Length: 4\r\n",
                  {"", "Content-Length: 04\r\n", "Content-Length: +4\r\n", "Content-Length: 4 \r\n",
                   "content-length: 4,4\r\n", "Content-Length: 99999999999999999999\r\n",
                   "Content-Length: 0\r\n", "Content-Length: 9\r\n"});
    text += maybe("\r\n", {"", "\n", "\r"}) + maybe("body", {"", "bo", "bodyGET / HTTP/1.1\r\n"});
    if (random() % 8 == 0) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    if (text.size() < 2 || text[0] == '\r' || text[0] == '\n') {
      continue;  // the session passes over empty lines
    }
    ASSERT_EQ(read(text, text.size()), read(text, 1)) << text;
    plain += PlainHead().read(text) ? 1 : 0;
  }
  EXPECT_GT(plain, 5'000U);
}

TEST(RequestParser, TakesThePlainBodyInPieces) {
  const std::string text = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";
  for (std::size_t first = text.size() - 10; first < text.size(); ++first) {
    EXPECT_EQ(read(text, first), read(text, text.size()));
  }
}

}  // namespace
}  // namespace bascule
