// The load of bench/serve.py and of the campaigns of tests/http: one request again and again, on
// many connections, by one thread.
//
//   bench_load PORT FILE CONNECTIONS SECONDS [--warm S] [--count N] [--rate R] [--grpc] [--bodies]
//
// FILE holds the bytes of an HTTP/1.1 request, or with --grpc the framed message of a ModelInfer.
// A closed loop, where each connection asks again as soon as it is answered; with --rate an open
// one, R requests a second whatever the server does: each takes a connection that has no other
// one, or waits until there is one, and a latency begins when the request was due, not when it
// went out.
// Requests that were due in the first S seconds are not counted.
// Prints one line of JSON: requests due, answers by status, those that never came (`lost`), the
// seconds they were counted over and the latencies of good answers; with --bodies how often each
// answer came, its "id" and "event_id" aside.

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"

namespace bascule::bench {
namespace {

constexpr std::size_t kMaxBodies = 64;  // that are told apart
constexpr std::int64_t kLongestWaitNs = 10'000'000;
constexpr std::int64_t kPatienceNs = 5'000'000'000;  // for what is still on its way at the end

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_load: {}\n", why);
  std::exit(1);
}

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

struct Options {
  std::uint16_t port = 0;
  std::string request;
  std::size_t connections = 1;
  double seconds = 1;
  double warm = 0;
  double rate = 0;          // 0: a closed loop
  std::uint64_t count = 0;  // 0: until the time is over
  bool grpc = false;
  bool bodies = false;
};

// What came of the requests.
struct Tally {
  std::uint64_t due = 0;
  std::uint64_t lost = 0;
  std::map<int, std::uint64_t> by_status = {};
  std::map<std::string, std::uint64_t> bodies = {};
  std::vector<float> good_us = {};
};

// Where the value of a member begins and ends; `npos` twice when it is not there.
std::pair<std::size_t, std::size_t> text_member(std::string_view json, std::string_view name) {
  const auto quoted = fmt::format("\"{}\":\"", name);
  const auto at = json.find(quoted);
  if (at == std::string_view::npos) {
    return {at, at};
  }
  return {at + quoted.size(), json.find('"', at + quoted.size())};
}

std::string without_ids(std::string_view body) {
  std::string out(body);
  for (const auto* name : {"event_id", "id"}) {
    const auto [begin, end] = text_member(out, name);
    if (end != std::string::npos) {
      out.erase(begin, end - begin);
    }
  }
  return out;
}

using Answered = std::function<void(int status, std::string_view body)>;

// The bytes of one connection: what a request is, and when an answer is whole.
class Protocol {
 public:
  virtual ~Protocol() = default;
  // Appends a request to what is sent.
  virtual void ask(std::string& out) = 0;
  // Calls `answered` for each answer that is whole now; may append to `out`.
  virtual void receive(std::string_view bytes, std::string& out, const Answered& answered) = 0;
};

class Http final : public Protocol {
 public:
  explicit Http(const std::string& request) : request_(request) {}

  void ask(std::string& out) override { out += request_; }

  void receive(std::string_view bytes, std::string& /*out*/, const Answered& answered) override {
    if (waiting_.empty()) {
      const std::size_t used = take(bytes, answered);
      waiting_.assign(bytes.substr(used));
    } else {
      waiting_ += bytes;
      waiting_.erase(0, take(waiting_, answered));
    }
  }

 private:
  // How much of it was whole answers.
  static std::size_t take(std::string_view bytes, const Answered& answered) {
    std::size_t used = 0;
    for (;;) {
      const auto rest = bytes.substr(used);
      const auto head = rest.find("\r\n\r\n");
      if (head == std::string_view::npos) {
        return used;
      }
      const auto length = content_length(rest.substr(0, head + 2));
      if (rest.size() < head + 4 + length) {
        return used;
      }
      int status = 0;
      std::from_chars(rest.data() + 9, rest.data() + 12, status);
      answered(status, rest.substr(head + 4, length));
      used += head + 4 + length;
    }
  }

  // Servers write the name of the field in either case.
  static std::size_t content_length(std::string_view head) {
    for (const auto* name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const auto at = head.find(name);
      if (at != std::string_view::npos) {
        std::size_t length = 0;
        std::from_chars(head.data() + at + 18, head.data() + head.size(), length);
        return length;
      }
    }
    give_up("an answer does not say its length");
  }

  const std::string& request_;
  std::string waiting_;
};

// One call at a time.
class Grpc final : public Protocol {
 public:
  explicit Grpc(const std::string& message) : message_(message) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t size,
           const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          if (std::string_view(reinterpret_cast<const char*>(name), size) == "grpc-status") {
            const auto* text = reinterpret_cast<const char*>(value);
            std::from_chars(text, text + value_size, static_cast<Grpc*>(user)->status_);
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t, std::uint32_t, void* user) {
          static_cast<Grpc*>(user)->closed_ = true;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Grpc() override { nghttp2_session_del(session_); }
  Grpc(const Grpc&) = delete;
  Grpc& operator=(const Grpc&) = delete;

  void ask(std::string& out) override {
    sent_ = 0;
    status_ = -1;
    closed_ = false;
    const std::array fields{field(":method", "POST"),
                            field(":scheme", "http"),
                            field(":path", "/inference.GRPCInferenceService/ModelInfer"),
                            field(":authority", "localhost"),
                            field("content-type", "application/grpc"),
                            field("te", "trailers"),
                            field("grpc-timeout", "10S"),
                            field("user-agent", "bench")};
    nghttp2_data_provider provider{};
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source*, void* user) -> ssize_t {
      auto& self = *static_cast<Grpc*>(user);
      const std::size_t count = std::min(size, self.message_.size() - self.sent_);
      std::copy_n(self.message_.data() + self.sent_, count, to);
      self.sent_ += count;
      *flags |= self.sent_ == self.message_.size() ? NGHTTP2_DATA_FLAG_EOF : 0;
      return static_cast<ssize_t>(count);
    };
    nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
    flush(out);
  }

  void receive(std::string_view bytes, std::string& out, const Answered& answered) override {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                             bytes.size());
    if (closed_) {
      closed_ = false;
      answered(status_ == 0 ? 200 : status_, {});
    }
    flush(out);  // SETTINGS and windows
  }

 private:
  static nghttp2_nv field(std::string_view name, std::string_view value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
            value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  void flush(std::string& out) {
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
  }

  const std::string& message_;
  nghttp2_session* session_ = nullptr;
  std::size_t sent_ = 0;
  int status_ = -1;
  bool closed_ = false;
};

// One connection and when its unanswered request was due. A server that closes loses it.
class Peer {
 public:
  Peer(const Options& options, int epoll, std::size_t index)
      : options_(options), epoll_(epoll), index_(index) {
    connect();
  }
  ~Peer() { ::close(descriptor_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void ask(std::int64_t due_ns) {
    due_ns_ = due_ns;
    protocol_->ask(out_);
    flush();
  }
  bool free() const { return due_ns_ == 0; }

  // Takes what came, calls done(due_ns, status, body) for an answer; returns what was lost.
  template <typename Done>
  std::uint64_t step(std::uint32_t events, const Done& done) {
    if ((events & EPOLLOUT) != 0) {
      flush();
    }
    if ((events & ~std::uint32_t{EPOLLOUT}) == 0) {
      return 0;
    }
    static std::array<char, 64 << 10> buffer;
    const auto got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) {
      return 0;
    }
    const auto answered = [&](int status, std::string_view body) {
      if (!free()) {
        done(std::exchange(due_ns_, 0), status, body);
      }
    };
    if (got > 0) {
      protocol_->receive({buffer.data(), static_cast<std::size_t>(got)}, out_, answered);
      flush();
      return 0;
    }
    const std::uint64_t lost = free() ? 0 : 1;
    ::close(descriptor_);
    connect();
    return lost;
  }

 private:
  void connect() {
    due_ns_ = 0;
    out_.clear();
    sent_ = 0;
    if (options_.grpc) {
      protocol_ = std::make_unique<Grpc>(options_.request);
    } else {
      protocol_ = std::make_unique<Http>(options_.request);
    }
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("the server does not answer");
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
    writing_ = false;
    watch(EPOLL_CTL_ADD);
  }

  void watch(int operation) {
    epoll_event event{};
    event.events = writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = index_;
    ::epoll_ctl(epoll_, operation, descriptor_, &event);
  }

  void flush() {
    const auto size = ::send(descriptor_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    sent_ += size > 0 ? static_cast<std::size_t>(size) : 0;
    if (sent_ == out_.size()) {
      out_.clear();
      sent_ = 0;
    }
    if (writing_ != !out_.empty()) {
      writing_ = !out_.empty();
      watch(EPOLL_CTL_MOD);
    }
  }

  const Options& options_;
  const int epoll_;
  const std::size_t index_;
  int descriptor_ = -1;
  std::unique_ptr<Protocol> protocol_;
  std::int64_t due_ns_ = 0;  // 0: it is free
  std::string out_;
  std::size_t sent_ = 0;
  bool writing_ = false;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(::epoll_create1(0)) {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      peers_.push_back(std::make_unique<Peer>(options_, epoll_, i));
      free_.push_back(peers_.back().get());
    }
    begin_ns_ = now_ns();
    counted_ns_ = begin_ns_ + static_cast<std::int64_t>(options_.warm * 1e9);
    end_ns_ = counted_ns_ + static_cast<std::int64_t>(options_.seconds * 1e9);
  }
  ~Load() { ::close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Tally run() {
    while (!over()) {
      ask_what_is_due();
      wait(options_.rate > 0 ? std::min(next_ns() - now_ns(), kLongestWaitNs) : kLongestWaitNs);
    }
    last_ns_ = now_ns();
    while (unanswered() > 0 && now_ns() < last_ns_ + kPatienceNs) {
      ask_first_waiting();
      wait(kLongestWaitNs);
    }
    tally_.lost += unanswered();
    return std::move(tally_);
  }
  double seconds() const { return static_cast<double>(last_ns_ - counted_ns_) / 1e9; }

 private:
  bool over() const {
    return now_ns() >= end_ns_ || (options_.count > 0 && tally_.due >= options_.count);
  }

  std::uint64_t unanswered() const { return waiting_.size() + peers_.size() - free_.size(); }

  // When the next request of an open loop is due.
  std::int64_t next_ns() const {
    return begin_ns_ + static_cast<std::int64_t>(static_cast<double>(asked_) * 1e9 / options_.rate);
  }

  void ask_what_is_due() {
    const auto now = now_ns();
    while (!over() && (options_.rate > 0 ? next_ns() <= now : waiting_.size() < free_.size())) {
      const auto due = options_.rate > 0 ? next_ns() : now;
      waiting_.push_back(due);
      ++asked_;
      tally_.due += due >= counted_ns_ ? 1 : 0;
    }
    ask_first_waiting();
  }

  void ask_first_waiting() {
    while (!waiting_.empty() && !free_.empty()) {
      free_.back()->ask(waiting_.front());
      free_.pop_back();
      waiting_.pop_front();
    }
  }

  void wait(std::int64_t ns) {
    std::array<epoll_event, 64> events;
    const timespec most{.tv_sec = 0, .tv_nsec = std::max<std::int64_t>(0, ns)};
    const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &most, nullptr);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      Peer& peer = *peers_[event.data.u64];
      const auto done = [this](std::int64_t due, int status, std::string_view body) {
        count_answer(due, status, body);
      };
      const bool had_one = !peer.free();
      tally_.lost += peer.step(event.events, done);
      if (had_one && peer.free()) {
        free_.push_back(&peer);
      }
    }
  }

  void count_answer(std::int64_t due, int status, std::string_view body) {
    if (due < counted_ns_) {
      return;
    }
    ++tally_.by_status[status];
    if (status == 200) {
      tally_.good_us.push_back(static_cast<float>(now_ns() - due) / 1e3F);
    }
    if (options_.bodies) {
      const auto text = without_ids(body);
      if (tally_.bodies.size() < kMaxBodies || tally_.bodies.contains(text)) {
        ++tally_.bodies[text];
      }
    }
  }

  const Options& options_;
  const int epoll_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<Peer*> free_;           // that have no request
  std::deque<std::int64_t> waiting_;  // requests without a connection: when they were due
  std::int64_t begin_ns_ = 0;
  std::int64_t counted_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::uint64_t asked_ = 0;
  Tally tally_;
};

float quantile(std::vector<float>& sorted, double at) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<std::size_t>(at * static_cast<double>(sorted.size() - 1))];
}

void print(Tally tally, double seconds) {
  std::ranges::sort(tally.good_us);
  std::string out;
  JsonWriter json(out);
  const auto count = [&](std::string_view name, std::uint64_t value) {
    json.key(name).integer(static_cast<std::int64_t>(value));
  };
  json.object([&] {
    count("due", tally.due);
    count("lost", tally.lost);
    json.key("seconds").number(seconds);
    json.key("answers").object([&] {
      for (const auto& [status, times] : tally.by_status) {
        count(std::to_string(status), times);
      }
    });
    json.key("p50_us").number32(quantile(tally.good_us, 0.5));
    json.key("p99_us").number32(quantile(tally.good_us, 0.99));
    json.key("max_us").number32(quantile(tally.good_us, 1));
    json.key("bodies").object([&] {
      for (const auto& [body, times] : tally.bodies) {
        count(body, times);
      }
    });
  });
  fmt::print("{}\n", out);
}

Options options_of(int argc, char** argv) {
  Options out;
  out.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  std::ifstream file(argv[2], std::ios::binary);
  out.request.assign(std::istreambuf_iterator<char>(file), {});
  out.connections = static_cast<std::size_t>(std::max(1, std::atoi(argv[3])));
  out.seconds = std::atof(argv[4]);
  for (int i = 5; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::atof(argv[++i]) : 0; };
    if (word == "--grpc") {
      out.grpc = true;
    } else if (word == "--bodies") {
      out.bodies = true;
    } else if (word == "--warm") {
      out.warm = value();
    } else if (word == "--rate") {
      out.rate = value();
    } else if (word == "--count") {
      out.count = static_cast<std::uint64_t>(value());
    } else {
      give_up(fmt::format("unknown word {}", word));
    }
  }
  if (out.request.empty()) {
    give_up(fmt::format("{} holds no request", argv[2]));
  }
  return out;
}

}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print("bench/serve.py runs this program\n");
    return 0;
  }
  const auto options = bascule::bench::options_of(argc, argv);
  bascule::bench::Load load(options);
  auto tally = load.run();
  bascule::bench::print(std::move(tally), load.seconds());
}
