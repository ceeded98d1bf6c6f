// gRPC over HTTP/2: messages that are compressed, and streams of them.

#include <gtest/gtest.h>

#include <algorithm>

#include "api/grpc.h"
#include "api/http2_session.h"
#include "api/http2_test_client.inc"

namespace bascule {
namespace {

using std::string_literals::operator""s;

std::string frame(std::string_view message, char flag = 0) {
  std::string out;
  begin_grpc_message(out);
  out += message;
  end_grpc_message(out);
  out[0] = flag;
  return out;
}

std::string packed(std::string text, Coding coding) {
  EXPECT_TRUE(Packer().pack(text, coding));
  return frame(text, 1);
}

class GrpcMessages : public Http2Test {
 protected:
  std::int32_t call(std::string body, std::vector<std::pair<std::string, std::string>> headers = {},
                    std::string path = "/a", bool complete = true) {
    bodies.push_back(
        std::make_unique<Body>(Body{.text = std::move(body), .sent = 0, .complete = complete}));
    headers.emplace_back("content-type", "application/grpc");
    return ask("POST", std::move(path), std::move(headers), bodies.back().get());
  }
  // More of the last call's body.
  void send(std::int32_t id, std::string_view more, bool complete) {
    bodies.back()->text += more;
    bodies.back()->complete = complete;
    nghttp2_session_resume_data(client, id);
    exchange();
  }
  std::string status(std::int32_t id) { return got[id].headers["grpc-status"]; }

  std::vector<std::unique_ptr<Body>> bodies;
  const std::string text = std::string(5000, 'a');
};

TEST_F(GrpcMessages, UnpacksWhatComesPackedAndPacksTheAnswerAsTheCallerDoes) {
  const auto gzip = call(packed(text, Coding::kGzip),
                         {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "deflate, gzip"}});
  const auto zlib = call(packed(text, Coding::kDeflate),
                         {{"grpc-encoding", "deflate"}, {"grpc-accept-encoding", "deflate"}});
  const auto plain = call(frame(text), {{"grpc-accept-encoding", "deflate, gzip"}});
  const auto one_way = call(packed(text, Coding::kGzip), {{"grpc-encoding", "gzip"}});
  const auto small =
      call(frame("a"), {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "gzip"}});
  exchange();
  EXPECT_EQ(got[gzip].headers["grpc-encoding"], "gzip");
  EXPECT_EQ(got[gzip].body, packed(text, Coding::kGzip));
  EXPECT_EQ(got[zlib].headers["grpc-encoding"], "deflate");
  EXPECT_EQ(got[zlib].body, packed(text, Coding::kDeflate));
  for (const auto id : {plain, one_way}) {
    EXPECT_FALSE(got[id].headers.contains("grpc-encoding"));
    EXPECT_EQ(got[id].body, frame(text));
  }
  EXPECT_EQ(got[small].body, frame("a"));
  for (const auto id : {gzip, zlib, plain, one_way, small}) {
    EXPECT_EQ(got[id].headers["grpc-accept-encoding"], kGrpcAcceptEncoding);
    EXPECT_EQ(status(id), "0");
  }
}

TEST_F(GrpcMessages, RefusesWhatItCannotUnpack) {
  const auto unknown = call(frame("abc"), {{"grpc-encoding", "snappy"}});
  const auto silent = call(packed(text, Coding::kGzip));
  const auto identity = call(packed(text, Coding::kGzip), {{"grpc-encoding", "identity"}});
  const auto broken = call(frame("abc", 1), {{"grpc-encoding", "gzip"}});
  const auto flag = call(frame("abc", 2), {{"grpc-encoding", "gzip"}});
  const auto bomb =
      call(packed(std::string(4 << 20, 'a'), Coding::kGzip), {{"grpc-encoding", "gzip"}});
  exchange();
  EXPECT_EQ(status(unknown), "12");
  EXPECT_EQ(got[unknown].headers["grpc-accept-encoding"], kGrpcAcceptEncoding);
  EXPECT_EQ(status(silent), "13");
  EXPECT_EQ(status(identity), "13");
  EXPECT_EQ(status(broken), "3");
  EXPECT_EQ(status(flag), "0") << "the route refuses it: see Grpc.ABodyIsOneMessage";
  EXPECT_EQ(status(bomb), "8");
}

TEST_F(GrpcMessages, BoundsWhatPackedBodiesOfAConnectionUnpackTo) {
  std::string megabyte = packed(std::string(1 << 20, 'a'), Coding::kGzip);
  std::vector<std::int32_t> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back(call(megabyte, {{"grpc-encoding", "gzip"}}, "/later"));
  }
  exchange();
  EXPECT_EQ(handler.last_refusal, 429);
  EXPECT_GE(handler.kept.size(), 30U);
  EXPECT_LT(handler.kept.size(), 32U);
}

TEST_F(GrpcMessages, UnpacksBodiesOfHttpTooAndPacksTheirAnswers) {
  std::string body = text;
  ASSERT_TRUE(Packer().pack(body, Coding::kGzip));
  Body sent{.text = body};
  const auto id =
      ask("POST", "/a", {{"content-encoding", "gzip"}, {"accept-encoding", "gzip"}}, &sent);
  Body again{.text = body};
  const auto unknown = ask("POST", "/a", {{"content-encoding", "br"}}, &again);
  exchange();
  EXPECT_EQ(got[id].headers["content-encoding"], "gzip");
  EXPECT_EQ(unpack(got[id].body, "gzip", 10'000)->text(), "POST /a " + text);
  EXPECT_EQ(got[unknown].headers[":status"], "415");
}

TEST_F(GrpcMessages, AStreamAnswersItsMessagesInOrderAndOneAtATime) {
  const auto id = call(frame("1") + frame("404") + frame("") + frame("4").substr(0, 3), {},
                       "/stream/later", false);
  for (const auto& answer : {frame("1"), frame("404"), frame("")}) {
    exchange();
    ASSERT_EQ(handler.kept.size(), 1U);
    EXPECT_EQ(session->phase(), Session::Phase::kAnswering);
    got[id].body.clear();
    auto responder = std::exchange(handler.kept, {});
    responder.front().send();
    responder.clear();
    exchange();
    EXPECT_EQ(got[id].body, answer);
  }
  EXPECT_EQ(session->phase(), Session::Phase::kBody) << "the rest of the fourth message";
  send(id, frame("4").substr(3), true);
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(status(id), "0");
  EXPECT_TRUE(got[id].closed);
  EXPECT_EQ(session->phase(), Session::Phase::kIdle);
}

TEST_F(GrpcMessages, AStreamWaitsForAnAnswerThatComesLaterBehindOneThatDidNot) {
  const auto id = call(frame("1") + frame("later") + frame("3"), {}, "/stream");
  exchange();
  EXPECT_EQ(got[id].body, frame("1"));
  EXPECT_EQ(session->phase(), Session::Phase::kAnswering);
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(got[id].body, frame("1") + frame("later") + frame("3"));
}

TEST_F(GrpcMessages, AStreamEndsWithWhatConcernsAllOfIt) {
  const auto refused = call(frame("1") + frame("401") + frame("3"), {}, "/stream");
  const auto nothing = call("", {}, "/stream");
  const auto half = call(frame("1") + "\0\0"s, {}, "/stream");
  const auto prefix = call(frame("1") + frame("2", 7), {}, "/stream");
  const auto large = call(frame("1") + frame(std::string(2 << 20, 'a')), {}, "/stream");
  exchange();
  EXPECT_EQ(got[refused].body, frame("1"));
  EXPECT_EQ(status(refused), "16");
  EXPECT_EQ(status(nothing), "0");
  EXPECT_EQ(status(half), "3");
  EXPECT_EQ(status(prefix), "3");
  EXPECT_EQ(status(large), "8");
  for (const auto id : {half, prefix, large}) {
    EXPECT_EQ(got[id].body, frame("1"));
    EXPECT_FALSE(got[id].headers["grpc-message"].empty());
  }
}

TEST_F(GrpcMessages, AStreamTakesNoMoreThanItsWindowWhileItWaits) {
  std::string many;
  for (int i = 0; i < 8000; ++i) {
    many += frame(std::string(1000, 'a'));
  }
  const auto id = call(many, {}, "/stream/later");
  const auto other = call(frame("1"));
  exchange();
  EXPECT_LE(bodies.front()->sent, std::size_t{limits::kHttp2WindowBytes});
  EXPECT_EQ(status(other), "0") << "the others do not wait for it";
  while (!handler.kept.empty()) {
    auto responder = std::exchange(handler.kept, {});
    responder.front().send();
    exchange();
  }
  EXPECT_EQ(handler.handled, 8001);
  EXPECT_EQ(got[id].body, many);
  EXPECT_EQ(status(id), "0");
}

TEST_F(GrpcMessages, AStreamRestsForAsLongAsItsPeerAnswers) {
  const auto id = call(frame("1"), {}, "/stream", false);
  exchange();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(session->phase(), Session::Phase::kIdle);
    const auto rest = session->messages();
    clock.advance_us(75 * kSecondUs);
    EXPECT_FALSE(session->time_out());
    EXPECT_NE(session->messages(), rest);
    EXPECT_EQ(session->since_ns(), clock.monotonic_ns());
    exchange();  // the peer answers the PING
  }
  EXPECT_FALSE(goaway);
  EXPECT_FALSE(session->time_out());
  session->output().clear();  // the peer is gone
  EXPECT_TRUE(session->time_out());
  exchange();
  EXPECT_EQ(*goaway, NGHTTP2_NO_ERROR);
  EXPECT_EQ(status(id), "14");
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
}

TEST_F(GrpcMessages, TheRestOfAMessageHasADeadlineOfItsOwn) {
  const auto id = call(frame("1") + "\0"s, {}, "/stream", false);
  exchange();
  const auto first = session->messages();
  EXPECT_EQ(session->since_ns(), 0);
  clock.advance_us(20 * kSecondUs);
  send(id, frame("2").substr(1) + "\0"s, false);
  EXPECT_NE(session->messages(), first);
  EXPECT_EQ(session->since_ns(), 20 * kSecondUs * 1000);
  session->time_out();
  exchange();
  EXPECT_EQ(got[id].body, frame("1") + frame("2"));
  EXPECT_EQ(status(id), "4");
}

TEST_F(GrpcMessages, DrainsAStreamByTheMessagesThatCame) {
  const auto resting = call(frame("1"), {}, "/stream", false);
  exchange();
  const auto working = call(frame("1") + frame("2") + "\0"s, {}, "/stream/later", false);
  exchange();
  env.draining = true;
  session->resume();
  exchange();
  EXPECT_EQ(*goaway, NGHTTP2_NO_ERROR);
  EXPECT_EQ(status(resting), "14");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(handler.kept.size(), 1U);
    auto responder = std::exchange(handler.kept, {});
    responder.front().send();
    exchange();
  }
  EXPECT_EQ(got[working].body, frame("1") + frame("2"));
  EXPECT_EQ(status(working), "14");
  EXPECT_EQ(session->phase(), Session::Phase::kClosing);
}

TEST_F(GrpcMessages, AStreamThatIsCancelledBeginsNothingMore) {
  const auto id = call(frame("1") + frame("2"), {}, "/stream/later", false);
  exchange();
  nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  EXPECT_TRUE(handler.kept.front().wanted());
  exchange();
  EXPECT_FALSE(handler.kept.front().wanted()) << "a worker need not begin";
  handler.kept.front().send();
  exchange();
  EXPECT_EQ(handler.handled, 1);
  EXPECT_EQ(session->phase(), Session::Phase::kIdle);
}

TEST_F(GrpcMessages, BoundsWhatAllStreamsOfAConnectionHold) {
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(call(frame(std::string((1 << 20) - 6, 'x')), {}, "/stream/later", false));
  }
  exchange();
  const auto cut = std::ranges::count_if(
      ids, [&](auto id) { return got[id].error == NGHTTP2_ENHANCE_YOUR_CALM; });
  EXPECT_GE(cut, 8);
  EXPECT_LT(cut, 12);
  EXPECT_FALSE(goaway);
}

}  // namespace
}  // namespace bascule
