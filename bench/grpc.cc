// CPU of one gRPC ModelInfer of 30 numbers, next to the same row as v2 JSON, in one interleaved
// run.
//
// As bench/http.cc does it: the service is a process of its own, loaded by closed loops, and what
// the kernel charged to it is divided by the answers. It logs what it scores here.
//
//   BASCULE_BINARY=build/release/bascule build/release/bench_grpc [seconds]

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "api/grpc.h"
#include "api/grpc/wire.h"
#include "package/testing.h"

namespace bascule::bench {
namespace {

constexpr std::size_t kColumns = 30;
constexpr int kRounds = 5;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_grpc: {}\n", why);
  std::exit(1);
}

// A child process that ends with this one.
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

  // CPU microseconds of its threads, or of the event loop alone.
  double cpu_us(bool loop_only) const {
    double ns = 0;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      double used = 0;
      std::ifstream(task.path() / "schedstat") >> used;
      ns += loop_only && name != "bascule-http" ? 0 : used;
    }
    return ns / 1e3;
  }

 private:
  pid_t pid_;
};

// One connection of the load: sends its request, and says when an answer is whole.
class Client {
 public:
  explicit Client(std::uint16_t port)
      : descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("a server does not answer");
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  virtual ~Client() { ::close(descriptor); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  virtual void ask() = 0;
  virtual bool received(std::string_view bytes) = 0;

  const int descriptor;

 protected:
  void send(std::string_view bytes) const {
    static_cast<void>(::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
};

class JsonClient final : public Client {
 public:
  JsonClient(std::uint16_t port, const std::string& body)
      : Client(port),
        request_(fmt::format("POST /v2/models/bench/row/infer HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                             body.size(), body)) {}
  void ask() override { send(request_); }
  bool received(std::string_view bytes) override { return bytes.starts_with("HTTP/1.1 200"); }

 private:
  std::string request_;
};

class GrpcClient final : public Client {
 public:
  GrpcClient(std::uint16_t port, const std::string& body) : Client(port), body_(body) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t size,
           const std::uint8_t* value, std::size_t, std::uint8_t, void* user) {
          const std::string_view field(reinterpret_cast<const char*>(name), size);
          static_cast<GrpcClient*>(user)->good_ |= field == "grpc-status" && *value == '0';
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t, std::uint32_t, void* user) {
          static_cast<GrpcClient*>(user)->closed_ = true;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~GrpcClient() override { nghttp2_session_del(session_); }

  void ask() override {
    sent_ = 0;
    good_ = closed_ = false;
    const std::array fields{field(":method", "POST"),
                            field(":scheme", "http"),
                            field(":path", "/inference.GRPCInferenceService/ModelInfer"),
                            field(":authority", "localhost"),
                            field("content-type", "application/grpc"),
                            field("te", "trailers"),
                            field("grpc-timeout", "10S"),
                            field("user-agent", "bench")};
    nghttp2_data_provider provider{};
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source*, void* user) -> ssize_t {
      auto& self = *static_cast<GrpcClient*>(user);
      const std::size_t count = std::min(size, self.body_.size() - self.sent_);
      std::copy_n(self.body_.data() + self.sent_, count, out);
      self.sent_ += count;
      *flags |= self.sent_ == self.body_.size() ? NGHTTP2_DATA_FLAG_EOF : 0;
      return static_cast<ssize_t>(count);
    };
    nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
    flush();
  }
  bool received(std::string_view bytes) override {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                             bytes.size());
    if (closed_ && !good_) {
      give_up("a call failed");
    }
    if (!closed_) {
      flush();  // SETTINGS and windows
    }
    return closed_;
  }

 private:
  static nghttp2_nv field(std::string_view name, std::string_view value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
            value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  void flush() {
    std::string out;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    send(out);
  }

  const std::string& body_;
  nghttp2_session* session_ = nullptr;
  std::size_t sent_ = 0;
  bool good_ = false;
  bool closed_ = false;
};

using MakeClient = std::function<std::unique_ptr<Client>()>;

// The next request as soon as the answer is there; the number of answers.
std::size_t load(const MakeClient& make, std::size_t connections, double seconds) {
  const int epoll = ::epoll_create1(0);
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < connections; ++i) {
    clients.push_back(make());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->descriptor, &event);
    clients.back()->ask();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::array<epoll_event, 64> events;
  std::array<char, 16 << 10> buffer;
  std::size_t answers = 0;
  while (std::chrono::steady_clock::now() < end) {
    const int count = ::epoll_wait(epoll, events.data(), events.size(), 1000);
    for (int i = 0; i < count; ++i) {
      Client& client = *clients[events[static_cast<std::size_t>(i)].data.u64];
      const auto got = ::recv(client.descriptor, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        give_up("a server closed a connection");
      }
      if (client.received({buffer.data(), static_cast<std::size_t>(got)})) {
        ++answers;
        client.ask();
      }
    }
  }
  ::close(epoll);
  return answers;
}

// `bascule serve` on a folder of its own, with the model live.
class Service {
 public:
  Service() : process_([this] { become_server(); }) {
    std::string line;
    for (char byte = 0; byte != '\n' && ::read(pipe_[0], &byte, 1) == 1;) {
      line += byte;
    }
    const auto at = line.find("127.0.0.1:");
    if (at == std::string::npos) {
      give_up("the service did not start; BASCULE_BINARY must name it");
    }
    port = static_cast<std::uint16_t>(std::atoi(line.c_str() + at + 10));
  }
  ~Service() { std::filesystem::remove_all(folder_); }

  void make_live(const TinyLogistic& model) const {
    const auto package = tiny_logistic_package(model);
    ask("POST", "models", R"({"name":"bench/row","kind":"yes/no","owner":"bench"})");
    ask("POST", "models/bench/row/versions",
        {reinterpret_cast<const char*>(package.data()), package.size()},
        "application/octet-stream");
    ask("PUT", "models/bench/row/tags/production", R"({"version":"v1"})");
  }
  const Process& process() const { return process_; }

  std::uint16_t port = 0;

 private:
  void ask(const char* method, std::string_view path, std::string_view body,
           std::string_view type = "application/json") const {
    CURL* curl = curl_easy_init();
    curl_slist* headers = curl_slist_append(nullptr, fmt::format("Content-Type: {}", type).c_str());
    headers = curl_slist_append(headers, "If-None-Match: *");
    const auto url = fmt::format("http://127.0.0.1:{}/v1/{}", port, path);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    const char* const bytes = body.data();
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, bytes);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(
        curl, CURLOPT_WRITEFUNCTION,
        +[](char*, std::size_t size, std::size_t count, void*) { return size * count; });
    const CURLcode result = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (result != CURLE_OK) {
      give_up(fmt::format("{} {}: {}", method, path, curl_easy_strerror(result)));
    }
  }
  void become_server() {
    const char* binary = std::getenv("BASCULE_BINARY");
    ::dup2(pipe_[1], STDOUT_FILENO);
    if (binary != nullptr) {
      ::execl(binary, binary, "serve", "--data", folder_.c_str(), "--listen", "127.0.0.1:0",
              "--loops", "1", "--log-level", "error", nullptr);
    }
  }

  std::filesystem::path folder_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "bascule-bench-XXXXXX").string();
    return ::mkdtemp(name.data());
  }();
  std::array<int, 2> pipe_ = [] {
    std::array<int, 2> ends{};
    return ::pipe(ends.data()) == 0 ? ends : std::array<int, 2>{};
  }();
  Process process_;
};

std::string grpc_body(const std::vector<double>& row) {
  std::string out;
  begin_grpc_message(out);
  wire::put_text(out, 1, "bench/row");
  wire::put_nested(out, 5, [&] {
    wire::put_text(out, 1, "x");
    wire::put_text(out, 2, "FP64");
    wire::put_nested(out, 3, [&] {
      wire::put_varint(out, 1);
      wire::put_varint(out, row.size());
    });
  });
  wire::put_text(out, 7, {reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double)});
  end_grpc_message(out);
  return out;
}

struct Face {
  std::string name;
  MakeClient make;
  std::vector<double> all_us = {};
  std::vector<double> loop_us = {};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void compare(std::vector<Face> faces, const Process& server, std::size_t connections,
             double seconds) {
  for (int round = 0; round < kRounds; ++round) {
    for (Face& face : faces) {
      const double before = server.cpu_us(false);
      const double loop_before = server.cpu_us(true);
      const auto answers = static_cast<double>(load(face.make, connections, seconds));
      face.all_us.push_back((server.cpu_us(false) - before) / answers);
      face.loop_us.push_back((server.cpu_us(true) - loop_before) / answers);
    }
  }
  const double least = median(faces.front().all_us);
  for (const Face& face : faces) {
    fmt::print("{:3} connections: {:8} {:6.2f} us of CPU, {:.2f} times; its loop {:6.2f} us\n",
               connections, face.name, median(face.all_us), median(face.all_us) / least,
               median(face.loop_us));
  }
}

int run(double seconds) {
  TinyLogistic model;
  model.columns.clear();
  std::vector<double> row;
  std::string data;
  for (std::size_t i = 0; i < kColumns; ++i) {
    model.columns.push_back(fmt::format("feature_{:02}", i));
    model.weights.push_back(std::cos(static_cast<double>(i)));
    row.push_back(std::sin(static_cast<double>(i) + 1) * 3);
    data += fmt::format("{}{}", i == 0 ? "" : ",", row.back());
  }
  const Service service;
  service.make_live(model);
  const std::string json =
      fmt::format(R"({{"inputs":[{{"name":"x","shape":[1,{}],"datatype":"FP64","data":[{}]}}]}})",
                  kColumns, data);
  const std::string message = grpc_body(row);
  fmt::print("{} numbers: {} bytes of JSON, {} of gRPC; medians of {} interleaved rounds of {} s\n",
             kColumns, json.size(), message.size(), kRounds, seconds);
  for (const std::size_t connections : {8, 64}) {
    compare({{"v2 JSON", [&] { return std::make_unique<JsonClient>(service.port, json); }},
             {"gRPC", [&] { return std::make_unique<GrpcClient>(service.port, message); }}},
            service.process(), connections, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  return bascule::bench::run(argc > 1 ? std::atof(argv[1]) : 1.0);
}
