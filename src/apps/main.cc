// The `bascule` program: wiring only. Commands are in cli/, the service is put together here.

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "api/server.h"
#include "cli/cli.h"
#include "lifecycle/lifecycle.h"
#include "registry/sqlite/catalog.h"
#include "scorelog/sqlite/sqlite_score_log.h"
#include "serving/host.h"
#include "serving/shadow.h"

namespace bascule {
namespace {

// "127.0.0.1:8080" as host and port; `option` is whose value it is.
Result<ListenAddress> parse_listen(std::string_view option, const std::string& text) {
  ListenAddress address;
  const auto colon = text.rfind(':');
  const char* end = text.data() + text.size();
  if (colon != std::string::npos) {
    const char* start = text.data() + colon + 1;
    const auto [stop, error] = std::from_chars(start, end, address.port);
    if (error == std::errc() && stop == end && start != end) {
      address.host = text.substr(0, colon);
      if (address.host == "localhost") {
        address.host = "127.0.0.1";
      }
      return address;
    }
  }
  return fail(Code::kInvalid, "{} '{}' must be an address and a port, such as 127.0.0.1:8080",
              option, text);
}

std::string server_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) {
    return "local";
  }
  return host.data();
}

Result<ServerOptions> server_options(const cli::ServeOptions& options) {
  ServerOptions server;
  BASCULE_TRY(server.http.addresses.front(), parse_listen("--listen", options.listen));
  if (!options.grpc_listen.empty()) {
    BASCULE_TRY(auto second, parse_listen("--grpc-listen", options.grpc_listen));
    server.http.addresses.push_back(std::move(second));
  }
  server.http.loops = static_cast<std::size_t>(options.loops);
  server.workers = static_cast<std::size_t>(options.workers);
  if (options.tls_certificate.empty() != options.tls_key.empty() ||
      (options.tls_certificate.empty() && !options.tls_client_ca.empty())) {
    return fail(Code::kInvalid,
                "TLS needs both --tls-cert and --tls-key; --tls-client-ca adds to them");
  }
  if (!options.tls_certificate.empty()) {
    server.tls = TlsFiles{.certificate = options.tls_certificate,
                          .key = options.tls_key,
                          .client_ca = options.tls_client_ca};
  }
  server.tls_reloaded = [](const Status& done) {
    if (done) {
      spdlog::info("the certificate was read again; new connections get it");
    } else {
      spdlog::error("the certificate stays as it was: {}", done.error().message);
    }
  };
  server.tls_expired = [](TimeUs ended) {
    spdlog::warn("the certificate has expired at {}; clients will refuse it", format_time(ended));
  };
  server.telemetry = {.request_log = options.request_log,
                      .request_log_every = options.request_log_every,
                      .trace_endpoint = options.trace_endpoint,
                      .trace_every = options.trace_every,
                      .instance = server_name()};
  server.log_reopened = [file = options.request_log](const Status& done) {
    if (done) {
      spdlog::info("the request log {} was opened again", file);
    } else {
      spdlog::error("the request log stays in its old file: {}", done.error().message);
    }
  };
  server.tokens = options.tokens;
  server.insecure = options.insecure;
  server.admin_token_file = options.data + "/admin.token";
  server.admin_token_written = [file = server.admin_token_file] {
    spdlog::warn(
        "nobody could let others in, so there is a new admin: its token is in {}; make "
        "tokens with it, then remove the file",
        file);
  };
  return server;
}

// What came of loading, and why what did not load did not.
void tell_of_loads(Catalog& catalog, const LiveModels& live) {
  std::size_t answering = 0;
  std::size_t failed = 0;
  for (const auto& set : live.all()) {
    answering += set->production || !set->candidates.empty() ? 1 : 0;
    const auto states = catalog.list_serving_states(set->model);
    for (const ServingState& state : states ? *states : std::vector<ServingState>()) {
      if (state.server == server_name() && !state.error.empty()) {
        ++failed;
        spdlog::error("{}:{} is not loaded: {}", state.model, state.tag, state.error);
      }
    }
  }
  spdlog::info("ready: {} models live, {} loads failed", answering, failed);
}

Status serve(const cli::ServeOptions& options) {
  BASCULE_TRY(auto server, server_options(options));
  BASCULE_CHECK_OK(system_files().make_folders(options.data));
  const Clock& clock = system_clock();
  BASCULE_TRY(const auto catalog, open_sqlite_catalog(options.data, clock, system_random()));
  BASCULE_TRY(const auto blobs, open_folder_blob_store(options.data));
  BASCULE_TRY(const auto log, open_sqlite_score_log(options.data + "/scores.db"));
  LiveModels live;
  Host host(*catalog, *blobs, live, clock, server_name());
  Shadow shadow(*log, clock);
  Lifecycle lifecycle(*catalog, *blobs, *log, host, shadow, clock);
  server.listening = [&](const HttpServer& listening) {
    const auto& addresses = server.http.addresses;
    const std::string url = fmt::format("{}://{}:{}", server.tls ? "https" : "http",
                                        addresses.front().host, listening.port());
    fmt::print("bascule serves {} from {}\n", url, options.data);
    spdlog::info("listening on {}, data folder {}", url, options.data);
    if (addresses.size() > 1) {
      const std::string second = fmt::format("{}:{}", addresses[1].host, listening.port(1));
      fmt::print("gRPC is at {} too\n", second);
      spdlog::info("listening on {} too, for gRPC", second);
    }
    std::fflush(stdout);
  };
  server.load = [&] {
    auto loaded = host.start();
    if (loaded) {
      tell_of_loads(*catalog, live);
    }
    return loaded;
  };
  auto done = run_server(server, {.lifecycle = lifecycle,
                                  .catalog = *catalog,
                                  .blobs = *blobs,
                                  .log = *log,
                                  .live = live,
                                  .host = host,
                                  .shadow = shadow,
                                  .default_model = options.default_model,
                                  .terse_errors = options.terse_errors});
  shadow.drain();
  spdlog::info("stopped; {} rows in the score log, {} lost", shadow.counts().logged,
               shadow.counts().log_dropped);
  return done;
}

int serve_command(const cli::ServeOptions& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("bascule"));
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  const auto done = serve(options);
  if (done) {
    return 0;
  }
  fmt::print(stderr, "bascule serve: {}\n", done.error().message);
  return 1;
}

// Whoever starts us with stderr closed would else find its lines in the first file or socket that
// gets its number.
void open_standard_files() {
  while (true) {
    const int descriptor = ::open("/dev/null", O_RDWR);
    if (descriptor < 0 || descriptor > STDERR_FILENO) {
      ::close(descriptor);
      return;
    }
  }
}

}  // namespace
}  // namespace bascule

int main(int argc, char** argv) {
  bascule::open_standard_files();
  // Batches are made by the event loops and freed by the shadow's thread; giving pages back to the
  // kernel and asking for them again would cost a tenth of a request, and nearly half of a large
  // one, whose body has a mapping of its own by default.
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  return bascule::cli::run(argc, argv, bascule::serve_command);
}
