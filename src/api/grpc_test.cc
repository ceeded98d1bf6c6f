#include "api/grpc.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/api.h"
#include "api/grpc/wire.h"
#include "api/testing.h"
#include "base/limits.h"

namespace bascule {
namespace {

using std::string_view_literals::operator""sv;

TEST(Grpc, ABodyIsOneMessage) {
  EXPECT_EQ(*grpc_message("\0\0\0\0\3abc"sv), "abc");
  EXPECT_EQ(*grpc_message("\0\0\0\0\0"sv), "");
  for (const auto body : {""sv, "\0\0\0\0"sv, "\0\0\0\0\3ab"sv, "\0\0\0\0\2abc"sv,
                          "\2\0\0\0\3abc"sv, "\0\xff\xff\xff\xff"sv}) {
    EXPECT_EQ(grpc_message(body).error().code, Code::kInvalid);
  }
  EXPECT_EQ(grpc_message("\1\0\0\0\3abc"sv).error().code, Code::kInvalid);
  std::string out = "old";
  begin_grpc_message(out);
  out += std::string(258, 'x');
  end_grpc_message(out);
  EXPECT_EQ(out.substr(0, 6), "\0\0\0\1\2x"sv);
}

TEST(Grpc, KnowsItsContentType) {
  EXPECT_TRUE(is_grpc_type("application/grpc"));
  EXPECT_TRUE(is_grpc_type("application/grpc+proto"));
  EXPECT_TRUE(is_grpc_type("application/grpc;charset=utf-8"));
  EXPECT_FALSE(is_grpc_type("application/grpc-web"));
  EXPECT_FALSE(is_grpc_type("application/grpc+json"));
  EXPECT_FALSE(is_grpc_type("application/json"));
}

TEST(Grpc, ReadsTimeouts) {
  EXPECT_EQ(*parse_grpc_timeout("100m"), 100'000'000);
  EXPECT_EQ(*parse_grpc_timeout("1n"), 1);
  EXPECT_EQ(*parse_grpc_timeout("99999999H"), std::numeric_limits<std::int64_t>::max());
  for (const auto text : {"", "1", "S", "-1S", "+1S", "1s", "1.5S", "123456789S", " 1S"}) {
    EXPECT_FALSE(parse_grpc_timeout(text)) << text;
  }
}

TEST(Grpc, ASentenceFitsIntoATrailer) {
  EXPECT_EQ(grpc_message_text("a 100%\n\xc3\xa4"), "a 100%25%0A%C3%A4");
  EXPECT_LE(grpc_message_text(std::string(100'000, 'x')).size(), limits::kGrpcErrorBytes);
}

TEST(Grpc, EveryCodeHasItsStatus) {
  EXPECT_EQ(grpc_status_of_http(200), 0);
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    EXPECT_EQ(grpc_status_of_http(http_status(static_cast<Code>(code))),
              grpc_status(static_cast<Code>(code)));
  }
  EXPECT_EQ(grpc_status_of_http(408), 4);  // DEADLINE_EXCEEDED
  EXPECT_EQ(grpc_status_of_http(431), 8);  // RESOURCE_EXHAUSTED
}

TEST(Wire, RefusesWhatIsNoMessage) {
  for (const auto bytes :
       {"\x08"sv, "\x00\x01"sv,
        "\x0a\x05"
        "ab"sv,
        "\x0b\x0c"sv, "\x09\x01\x02"sv, "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv}) {
    wire::Field field;
    wire::Reader reader(bytes);
    while (reader.next(field)) {
    }
    EXPECT_TRUE(reader.broken());
  }
}

TEST(Wire, ReadsWhatItWrites) {
  std::string out;
  wire::put_number(out, 1, ~std::uint64_t{0});
  wire::put_nested(out, 1000, [&] { wire::put_text(out, 2, std::string(300, 'x')); });
  wire::put_number(out, 3, 0);  // left out
  wire::Field field;
  wire::Reader reader(out);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, ~std::uint64_t{0});
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 1000U);
  EXPECT_EQ(field.bytes.size(), 303U);
  EXPECT_FALSE(reader.next(field));
  EXPECT_FALSE(reader.broken());
}

// A route without a connection.
class GrpcRoute : public ::testing::Test {
 protected:
  struct GoneSink final : AnswerSink {
    void answered() override {}
  };

  void call(std::string_view path, std::string_view timeout, std::string_view body) {
    const std::array headers{HttpHeader{"grpc-timeout", timeout}};
    HttpRequest request;
    request.method = Method::kPost;
    request.method_text = "POST";
    request.path = path;
    request.headers = headers;
    request.body = body;
    request.grpc = true;
    request.started_ns = system_clock().monotonic_ns() - 1'000'000'000;
    response.reset();
    handler->handle(request, Responder(std::make_shared<GoneSink>(), response));
  }

  testing::TestServices stores;
  ApiContext context{stores.services()};
  Api api{context};
  std::unique_ptr<HttpHandler> handler = api.make_handler();
  HttpResponse response;
};

constexpr std::string_view kLive = "/inference.GRPCInferenceService/ServerLive";

TEST_F(GrpcRoute, DropsACallWhoseDeadlineHasPassed) {
  call(kLive, "2S", "\0\0\0\0\0"sv);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "\0\0\0\0\2\x08\1"sv);
  call(kLive, "900m", "\0\0\0\0\0"sv);
  EXPECT_EQ(response.status, http_status(Code::kDeadline)) << response.body;
}

TEST_F(GrpcRoute, AnUnknownMethodIsUnimplemented) {
  call("/inference.GRPCInferenceService/Tea", "2S", "\0\0\0\0\0"sv);
  EXPECT_EQ(grpc_status_of_http(response.status), 12);
  EXPECT_NE(response.body.find("Tea"), std::string::npos);
}

TEST_F(GrpcRoute, TooMuchWaitingWorkIsResourceExhausted) {
  context.workers = std::make_unique<WorkerPool>(0, context.http.handler_exceptions);
  call("/inference.GRPCInferenceService/RepositoryIndex", "2S", "\0\0\0\0\0"sv);
  EXPECT_EQ(grpc_status_of_http(response.status), 8) << response.body;
}

}  // namespace
}  // namespace bascule
