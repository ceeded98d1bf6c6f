// CPU of one row of 30 numbers as JSON: the service against the minimal server, in one interleaved
// run.
//
// Both are processes of their own, loaded in turn by the same closed-loop client; what is compared
// is the CPU time that the kernel charged to each of them, divided by the requests it answered. A
// ratio survives noisy neighbours and other machines; the microseconds do not. The service does all
// it always does: routes, checks, metrics. "alone" asks for a live version that is not production,
// which is neither logged nor shadowed; "logged" asks for production, with one candidate in its
// shadow. What the log and the shadow cost on their own thread is shown apart.
//
//   BASCULE_BINARY=build/release/bascule build/release/bench_http [seconds]

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include "minimal_server.inc"
#include "package/testing.h"

namespace bascule::bench {
namespace {

constexpr std::size_t kColumns = 30;
constexpr int kRounds = 7;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_http: {}\n", why);
  std::exit(1);
}

// A process that ends with this one.
class Process {
 public:
  explicit Process(const std::function<void()>& child) : pid_(::fork()) {
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      child();
      ::_exit(1);
    }
  }
  ~Process() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // CPU seconds of its threads, by their names.
  std::map<std::string, double> cpu() const {
    std::map<std::string, double> out;
    const auto tasks = fmt::format("/proc/{}/task", pid_);
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
      double ns = 0;
      std::ifstream(task.path() / "schedstat") >> ns;
      out[name] += ns / 1e9;
    }
    return out;
  }

 private:
  pid_t pid_;
};

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up("a server does not answer");
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

std::string request_text(std::string_view method, std::string_view path, std::string_view type,
                         std::string_view body) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}"
      "\r\n\r\n{}",
      method, path, type, body.size(), body);
}

// Whether `answer` holds one whole answer.
bool is_whole(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  const auto length = answer.find("Content-Length: ");
  if (end == std::string_view::npos || length == std::string_view::npos) {
    return false;
  }
  std::size_t size = 0;
  std::from_chars(answer.data() + length + 16, answer.data() + end, size);
  return answer.size() >= end + 4 + size;
}

// One request on a connection of its own; the answer must have one of the statuses of success.
std::string ask(std::uint16_t port, std::string_view method, std::string_view path,
                std::string_view body, std::string_view type = "application/json") {
  const int descriptor = connect_to(port);
  const std::string request = request_text(method, path, type, body);
  std::string answer;
  std::array<char, 64 << 10> buffer;
  if (::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    give_up("a server closed the connection");
  }
  while (!is_whole(answer)) {
    const auto got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      give_up(fmt::format("{} {}: no whole answer", method, path));
    }
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  if (!answer.starts_with("HTTP/1.1 20")) {
    give_up(fmt::format("{} {}: {}", method, path, answer));
  }
  return answer;
}

// Sends the request on `connections` connections, the next as soon as the answer is there.
std::size_t load(std::uint16_t port, const std::string& request, std::size_t connections,
                 double seconds) {
  const int epoll = ::epoll_create1(0);
  std::vector<int> peers;
  for (std::size_t i = 0; i < connections; ++i) {
    peers.push_back(connect_to(port));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = peers.back();
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, peers.back(), &event);
    static_cast<void>(::send(peers.back(), request.data(), request.size(), MSG_NOSIGNAL));
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::array<epoll_event, 64> events;
  std::array<char, 16 << 10> buffer;
  std::size_t answers = 0;
  while (std::chrono::steady_clock::now() < end) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), 1000);
    for (int i = 0; i < count; ++i) {
      const int peer = events[static_cast<std::size_t>(i)].data.fd;
      const auto got = ::recv(peer, buffer.data(), buffer.size(), 0);
      if (got <= 0 || !is_whole({buffer.data(), static_cast<std::size_t>(got)})) {
        give_up("an answer did not come whole");
      }
      ++answers;
      static_cast<void>(::send(peer, request.data(), request.size(), MSG_NOSIGNAL));
    }
  }
  for (const int peer : peers) {
    ::close(peer);
  }
  ::close(epoll);
  return answers;
}

// What one round cost, in microseconds of CPU for each request.
struct Round {
  double requests_per_second = 0;
  double total_us = 0;
  std::map<std::string, double> by_thread;
};

Round measure(const Process& server, std::uint16_t port, const std::string& request,
              std::size_t connections, double seconds) {
  const auto before = server.cpu();
  const auto answers = static_cast<double>(load(port, request, connections, seconds));
  Round out;
  out.requests_per_second = answers / seconds;
  for (const auto& [name, used] : server.cpu()) {
    const auto earlier = before.find(name);
    const double us = (used - (earlier == before.end() ? 0 : earlier->second)) * 1e6 / answers;
    out.by_thread[name] = us;
    out.total_us += us;
  }
  return out;
}

template <typename Value>
double median(std::vector<Round> rounds, Value&& value) {
  std::ranges::sort(rounds, {}, value);
  return value(rounds[rounds.size() / 2]);
}

// `bascule serve` on a free port and a folder of its own, with the model live.
class Service {
 public:
  Service() : folder_(make_folder()), process_([this] { become_server(); }) {
    ::close(pipe_[1]);
    std::string line;
    char byte = 0;
    while (byte != '\n' && ::read(pipe_[0], &byte, 1) == 1) {
      line += byte;
    }
    const auto at = line.find("127.0.0.1:");
    if (at == std::string::npos) {
      give_up("the service did not start; BASCULE_BINARY must name it");
    }
    std::from_chars(line.data() + at + 10, line.data() + line.size(), port_);
  }
  ~Service() { std::filesystem::remove_all(folder_); }

  // As the next version, behind a tag of its own.
  void make_live(const TinyLogistic& model, std::string_view tag) {
    const auto package = tiny_logistic_package(model);
    if (++versions_ == 1) {
      ask(port_, "POST", "/v1/models", R"({"name":"bench/row","kind":"yes/no","owner":"bench"})");
    }
    ask(port_, "POST", "/v1/models/bench/row/versions",
        {reinterpret_cast<const char*>(package.data()), package.size()},
        "application/octet-stream");
    // Production wants to know that the tag is new.
    ask(port_, "PUT", fmt::format("/v1/models/bench/row/tags/{}", tag),
        fmt::format(R"({{"version":"v{}"}})", versions_), "application/json\r\nIf-None-Match: *");
  }
  const Process& process() const { return process_; }
  std::uint16_t port() const { return port_; }

 private:
  static std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bascule-bench-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  void become_server() {
    const char* binary = std::getenv("BASCULE_BINARY");
    ::dup2(pipe_[1], STDOUT_FILENO);
    if (binary != nullptr) {
      ::execl(binary, binary, "serve", "--data", folder_.c_str(), "--listen", "127.0.0.1:0",
              "--loops", "1", "--log-level", "error", nullptr);
    }
  }

  std::array<int, 2> pipe_ = [] {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
      give_up("no pipe");
    }
    return ends;
  }();
  std::filesystem::path folder_;
  Process process_;
  std::uint16_t port_ = 0;
  int versions_ = 0;
};

std::string numbers(const std::vector<std::string>& names, bool named) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += named ? fmt::format("\"{}\":", names[i]) : "";
    out += fmt::format("{}", std::sin(static_cast<double>(i) + 1) * 3);
  }
  return out;
}

// One way of asking for the same row.
struct Case {
  std::string name;
  std::string request;
  std::vector<Round> rounds = {};
};

std::vector<Case> all_cases(const std::vector<std::string>& columns) {
  const std::string tensor =
      fmt::format(R"({{"inputs":[{{"name":"x","shape":[1,{}],"datatype":"FP64","data":[{}]}}]}})",
                  columns.size(), numbers(columns, false));
  const std::string row = fmt::format(R"({{"row":{{{}}}}})", numbers(columns, true));
  const auto post = [](std::string_view path, const std::string& body) {
    return request_text("POST", path, "application/json", body);
  };
  return {
      {"v2 JSON, alone", post("/v2/models/bench/row/versions/2/infer", tensor)},
      {"v2 JSON, logged", post("/v2/models/bench/row/infer", tensor)},
      {"rows face, alone", post("/v1/models/bench/row/score?version=2", row)},
      {"rows face, logged", post("/v1/models/bench/row/score", row)},
  };
}

void compare(const Process& minimal, std::uint16_t minimal_port, const Service& service,
             std::vector<Case> cases, std::size_t connections, double seconds) {
  std::vector<Round> least;
  for (int round = 0; round < kRounds; ++round) {
    least.push_back(measure(minimal, minimal_port, cases.front().request, connections, seconds));
    for (Case& one : cases) {
      one.rounds.push_back(
          measure(service.process(), service.port(), one.request, connections, seconds));
    }
  }
  const auto total = [](const Round& round) { return round.total_us; };
  const auto rate = [](const Round& round) { return round.requests_per_second; };
  const auto loop = [](const Round& round) {
    const auto found = round.by_thread.find("bascule-http");
    return found == round.by_thread.end() ? 0.0 : found->second;
  };
  const double floor_us = median(least, total);
  fmt::print(
      "{:3} connections: minimal server     {:6.2f} us of CPU a request, {:8.0f} requests/s\n",
      connections, floor_us, median(least, rate));
  for (const Case& one : cases) {
    const double loop_us = median(one.rounds, loop);
    fmt::print(
        "                 {:18} {:6.2f} us, {:.2f} times; with log and shadow {:6.2f} us, "
        "{:8.0f} requests/s\n",
        one.name, loop_us, loop_us / floor_us, median(one.rounds, total), median(one.rounds, rate));
  }
}

int run(double seconds) {
  TinyLogistic model;
  model.columns.clear();
  for (std::size_t i = 0; i < kColumns; ++i) {
    model.columns.push_back(fmt::format("feature_{:02}", i));
    model.weights.push_back(std::cos(static_cast<double>(i)));
  }
  std::uint16_t minimal_port = 0;
  const int listener = listen_on_loopback(minimal_port);
  const Process minimal([&] { MinimalServer(listener, model.weights).serve(); });
  Service service;
  service.make_live(model, "production");
  model.weights.front() = 0.5;
  service.make_live(model, "candidate/other");
  fmt::print("one row of {} numbers as JSON; medians of {} interleaved rounds of {} s\n", kColumns,
             kRounds, seconds);
  for (const std::size_t connections : {8, 64}) {
    compare(minimal, minimal_port, service, all_cases(model.columns), connections, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  return bascule::bench::run(argc > 1 ? std::atof(argv[1]) : 1.0);
}
