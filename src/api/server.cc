#include "api/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "api/api.h"
#include "api/auth.h"
#include "base/limits.h"

namespace bascule {
namespace {

using Executor = boost::asio::io_context::executor_type;
using Signals = boost::asio::basic_signal_set<Executor>;
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::size_t kDiskThreads = 2;
constexpr std::chrono::seconds kLookEvery{1};  // at the files of the certificate

// Opens the request log's file again on SIGHUP, and reads the certificate again then and when its
// files change.
class FileWatch {
 public:
  FileWatch(boost::asio::io_context& context, TlsSetup* tls, const ServerOptions& options,
            Telemetry& telemetry, HttpStats& stats, const Clock& clock)
      : signals_(context, SIGHUP),
        timer_(context),
        tls_(tls),
        options_(options),
        telemetry_(telemetry),
        stats_(stats),
        clock_(clock) {
    wait_for_signal();
    if (tls_ != nullptr) {
      note_end();
      wait_for_change();
    }
  }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) {
        reopen();
        reload();
        wait_for_signal();
      }
    });
  }
  void wait_for_change() {
    timer_.expires_after(kLookEvery);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) {
        return;
      }
      if (tls_->changed()) {
        reload();
      }
      wait_for_change();
    });
  }
  void reopen() {
    const Status done = telemetry_.reopen();
    if (options_.log_reopened && !options_.telemetry.request_log.empty()) {
      options_.log_reopened(done);
    }
  }
  void reload() {
    if (tls_ == nullptr) {
      return;
    }
    const Status done = tls_->reload();
    (done ? stats_.tls_reloads : stats_.tls_failed_reloads).fetch_add(1);
    if (options_.tls_reloaded) {
      options_.tls_reloaded(done);
    }
    note_end();
  }
  void note_end() {
    const TimeUs end = tls_->expires_at();
    stats_.tls_expires_at_us = end;
    if (end != 0 && end <= clock_.now_us() && options_.tls_expired) {
      options_.tls_expired(end);
    }
  }

  Signals signals_;
  Timer timer_;
  TlsSetup* const tls_;
  const ServerOptions& options_;
  Telemetry& telemetry_;
  HttpStats& stats_;
  const Clock& clock_;
};

std::unique_ptr<WorkerPool> make_pool(ApiContext& api, const char* name, std::size_t threads,
                                      const Clock* clock) {
  auto pool =
      std::make_unique<WorkerPool>(limits::kHttpWaiting, api.http.handler_exceptions, clock);
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    pool->add(thread_executor(name),
              std::make_unique<ThreadState>(api.services, api.metrics.add_shard(), api.telemetry));
  }
  return pool;
}

// Waits for the loops to end, and passes on what the process is told meanwhile.
void serve_until_signalled(HttpServer& server, ApiContext& api, TlsSetup* tls,
                           const ServerOptions& options) {
  boost::asio::io_context context(1);
  const FileWatch watch(context, tls, options, api.telemetry, api.http, api.services.clock);
  Signals signals(context, SIGTERM, SIGINT);
  bool draining = false;
  std::function<void(const boost::system::error_code&, int)> on_signal =
      [&](const boost::system::error_code& error, int) {
        if (error) {
          return;
        }
        api.ready = false;
        if (draining) {
          server.stop();
        } else {
          server.drain();
        }
        draining = true;
        signals.async_wait(on_signal);
      };
  signals.async_wait(on_signal);
  std::thread waiter([&] {
    server.wait();
    context.stop();
  });
  context.run();
  waiter.join();
}

}  // namespace

Status run_server(const ServerOptions& options, Services services) {
  HttpOptions http = options.http;
  bool loopback = true;
  for (const ListenAddress& address : http.addresses) {
    BASCULE_CHECK_OK(check_listen_address(address.host, options.tls.has_value(), options.tokens,
                                          options.insecure));
    loopback = loopback && is_loopback_address(address.host);
  }
  std::shared_ptr<TlsSetup> tls;
  if (options.tls) {
    BASCULE_TRY(tls, TlsSetup::open(*options.tls));
    http.tls = tls;
  }
  ApiContext context(std::move(services));
  context.access = {.tokens = options.tokens, .loopback = loopback};
  BASCULE_CHECK_OK(context.telemetry.open(options.telemetry, context.services.version,
                                          tls != nullptr, context.services.random));
  // A reader of stderr that goes away must not end the server.
  std::signal(SIGPIPE, SIG_IGN);
  BASCULE_CHECK_OK(context.tokens.load());
  if (options.tokens) {
    BASCULE_TRY(const bool written, context.tokens.ensure_admin(options.admin_token_file,
                                                                context.services.clock.now_us(),
                                                                context.services.random));
    if (written && options.admin_token_written) {
      options.admin_token_written();
    }
  }
  Api api(context);
  context.scorers = make_pool(context, "bascule-score", options.workers, &context.services.clock);
  context.workers = make_pool(context, "bascule-work", kDiskThreads, nullptr);
  BASCULE_TRY(const auto server, HttpServer::listen(
                                     http, [&](std::size_t) { return api.make_handler(); },
                                     context.http, context.services.clock));
  if (options.listening) {
    options.listening(*server);
  }
  Status loaded = options.load ? options.load() : Status();
  if (loaded) {
    context.ready = true;
    serve_until_signalled(*server, context, tls.get(), options);
  } else {
    server->stop();
    server->wait();
  }
  // Before the server goes: what the workers still answer goes through its loops.
  context.scorers.reset();
  context.workers.reset();
  // A day of use that is not written down is no reason to fail.
  static_cast<void>(context.tokens.record_uses());
  return loaded;
}

}  // namespace bascule
