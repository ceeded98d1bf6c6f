// Over real sockets on the loopback: deadlines, draining, running out of room.

#include "api/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::chrono::milliseconds kSlow{2};

// Answers with the path; "/later" waits until `release` and is answered from another thread,
// "/slow" holds up its loop.
class PathHandler final : public HttpHandler {
 public:
  PathHandler(std::shared_future<void> release, std::atomic<std::int64_t>& longest_wait_ns)
      : release_(std::move(release)), longest_wait_ns_(longest_wait_ns) {}
  ~PathHandler() override {
    for (auto& thread : threads_) {
      thread.join();
    }
  }
  std::uint64_t body_limit(const HttpRequest&) override { return 8 << 20; }
  void handle(const HttpRequest& request, Responder responder) override {
    responder.response().body = std::string(request.path) + std::string(request.body);
    if (request.path == "/slow") {
      std::this_thread::sleep_for(kSlow);
    }
    if (request.path != "/later") {
      responder.send();
      return;
    }
    threads_.emplace_back([release = release_, answer = std::move(responder)]() mutable {
      release.wait();
      answer.send();
    });
  }
  void refused(int, std::string_view) override {}
  void after_write() override {}
  void waited(std::int64_t /*now_ns*/, std::int64_t wait_ns) override {
    longest_wait_ns_ = std::max(longest_wait_ns_.load(), wait_ns);
  }
  void tick() override {}

 private:
  std::shared_future<void> release_;
  std::atomic<std::int64_t>& longest_wait_ns_;
  std::vector<std::thread> threads_;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the text has come, or the end.
  std::string read_until(std::string_view text) {
    std::string out;
    char byte = 0;
    while (!out.ends_with(text) && ::recv(socket_, &byte, 1, 0) == 1) {
      out += byte;
    }
    return out;
  }
  std::string read_to_end() {
    std::string out;
    std::array<char, 65'536> buffer;
    for (;;) {
      const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        return out;
      }
      out.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  std::string get(std::string_view path) {
    send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    return read_until(path);
  }

 private:
  int socket_;
  bool connected_ = false;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    options.sweep_ms = 10;
    options.drain_ms = 10'000;
  }
  ~HttpServerTest() override { let_go(); }

  void start() {
    auto made = HttpServer::listen(
        options,
        [&](std::size_t) { return std::make_unique<PathHandler>(released_, longest_wait_ns); },
        stats);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  void let_go() {
    if (!std::exchange(gone_, true)) {
      release_.set_value();
    }
  }

 private:
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  bool gone_ = false;

 protected:
  HttpOptions options;
  HttpStats stats;
  std::atomic<std::int64_t> longest_wait_ns{0};
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, AnswersOnEveryLoop) {
  options.loops = 3;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    EXPECT_NE(clients.back()->get("/hello").find("200 OK"), std::string::npos);
  }
  EXPECT_EQ(stats.open.load(), 9U);
}

// More ready descriptors than the kernel hands out at a time (Asio asks for 128): the wait is that
// of the newest, not of the ones in hand.
TEST_F(HttpServerTest, TellsHowLongWhatIsReadyWaits) {
  constexpr int kClients = 300;
  options.loops = 1;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->get("/hello");
  }
  longest_wait_ns = 0;
  for (auto& client : clients) {
    client->send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (auto& client : clients) {
    EXPECT_NE(client->read_until("/slow").find("200 OK"), std::string::npos);
  }
  const auto of_half = kClients / 2 * std::chrono::nanoseconds(kSlow);
  // It is told when the loop comes to it, which may be after the last answer.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (longest_wait_ns < of_half.count() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GT(longest_wait_ns.load(), of_half.count());
}

TEST_F(HttpServerTest, TakesABodyOfManyReads) {
  start();
  Client client(server->port());
  const std::string body(5 << 20, 'b');
  client.send(
      fmt::format("POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                  body.size()));
  client.send(body);
  const std::string answer = client.read_to_end();
  EXPECT_NE(answer.find("200 OK"), std::string::npos);
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, body.size() + 2);
}

TEST_F(HttpServerTest, LetsAClientReadARefusalThatCameBeforeItHadSentItsBody) {
  start();
  Client client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  client.send(std::string(2 * limits::kHttpBodyBytes, 'x'));
  EXPECT_NE(client.read_to_end().find("413 Content Too Large"), std::string::npos);
}

TEST_F(HttpServerTest, AnswersFromAnotherThread) {
  start();
  Client client(server->port());
  client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  let_go();
  const std::string answers = client.read_until("/next");
  EXPECT_NE(answers.find("/later"), std::string::npos);
}

TEST_F(HttpServerTest, GivesUpAHeaderThatComesByteByByte) {
  options.header_ms = 100;
  start();
  Client client(server->port());
  // Each byte comes well within the deadline; the message does not.
  std::thread slow([&] {
    for (const char byte : std::string(200, 'a')) {
      client.send({&byte, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const std::string answer = client.read_until("too_slow");
  slow.join();
  EXPECT_NE(answer.find("408 Request Timeout"), std::string::npos);
  EXPECT_EQ(stats.timed_out.load(), 1U);
}

TEST_F(HttpServerTest, GivesUpABodyThatDoesNotCome) {
  options.body_ms = 100;
  start();
  Client client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_NE(client.read_to_end().find("408 Request Timeout"), std::string::npos);
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionWithoutAWord) {
  options.idle_ms = 100;
  start();
  Client client(server->port());
  client.get("/a");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, TurnsAwayWhatIsBeyondItsRoom) {
  options.max_connections = 1;
  start();
  Client first(server->port());
  first.get("/a");
  Client second(server->port());
  EXPECT_NE(second.read_to_end().find("503 Service Unavailable"), std::string::npos);
  EXPECT_EQ(stats.turned_away.load(), 1U);
  EXPECT_NE(first.get("/b").find("200 OK"), std::string::npos);
}

TEST_F(HttpServerTest, SurvivesRunningOutOfDescriptors) {
  start();
  Client before(server->port());
  before.get("/a");
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  // The client's own socket takes the last descriptor; accepting it needs one more.
  const int probe = ::dup(0);
  ::close(probe);
  const rlimit tight{static_cast<rlim_t>(probe) + 1, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  {
    Client refused(server->port());
    EXPECT_TRUE(refused.connected());
    EXPECT_NE(refused.read_to_end().find("503"), std::string::npos);
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_NE(before.get("/b").find("200 OK"), std::string::npos);
  Client after(server->port());
  EXPECT_NE(after.get("/c").find("200 OK"), std::string::npos);
}

TEST_F(HttpServerTest, DrainsWithoutLosingARequest) {
  options.loops = 1;  // of several another one may drain before the one that answers
  start();
  Client busy(server->port());
  Client idle(server->port());
  idle.get("/a");
  busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Client sent(server->port());
  sent.get("/warm");
  server->drain();
  EXPECT_EQ(idle.read_to_end(), "");
  let_go();
  const std::string answer = busy.read_to_end();
  EXPECT_NE(answer.find("200 OK"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  server->wait();
  EXPECT_FALSE(Client(server->port()).connected());
  EXPECT_EQ(stats.open.load(), 0U);
}

TEST_F(HttpServerTest, EndsADrainAtItsDeadline) {
  options.drain_ms = 100;
  start();
  Client stuck(server->port());
  stuck.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  Client other(server->port());
  other.get("/a");
  server->drain();
  server->wait();
  SUCCEED();
}

TEST_F(HttpServerTest, StopsAtOnceInTheMiddleOfADrain) {
  start();
  Client stuck(server->port());
  stuck.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  server->drain();
  server->stop();
  server->wait();
  SUCCEED();
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  start();
  HttpOptions same = options;
  same.addresses[0].port = server->port();
  HttpStats others;
  const auto taken = HttpServer::listen(
      same,
      [&](std::size_t) {
        return std::make_unique<PathHandler>(std::shared_future<void>(), longest_wait_ns);
      },
      others);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::kConflict);
}

}  // namespace
}  // namespace bascule
