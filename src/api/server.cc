#include "api/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>

#include "api/api.h"
#include "api/auth.h"
#include "base/limits.h"

namespace bascule {
namespace {

// Waits for the loops to end, and passes on what the process is told meanwhile.
void serve_until_signalled(HttpServer& server, ApiContext& api) {
  boost::asio::io_context context(1);
  boost::asio::basic_signal_set<boost::asio::io_context::executor_type> signals(context, SIGTERM,
                                                                                SIGINT);
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
  if (http.host == "localhost") {
    http.host = "127.0.0.1";
  }
  BASCULE_CHECK_OK(check_listen_address(http.host, false, options.tokens, options.insecure));
  ApiContext context(std::move(services));
  context.access = {.tokens = options.tokens, .loopback = is_loopback_address(http.host)};
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
  context.workers =
      std::make_unique<WorkerPool>(limits::kHttpWaiting, context.http.handler_exceptions);
  for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i) {
    context.workers->add(
        thread_executor("bascule-work"),
        std::make_unique<ThreadState>(context.services, context.metrics.add_shard()));
  }
  BASCULE_TRY(const auto server, HttpServer::listen(
                                     http, [&](std::size_t) { return api.make_handler(); },
                                     context.http, context.services.clock));
  if (options.listening) {
    options.listening(server->port());
  }
  Status loaded = options.load ? options.load() : Status();
  if (loaded) {
    context.ready = true;
    serve_until_signalled(*server, context);
  } else {
    server->stop();
    server->wait();
  }
  // Before the server goes: what the workers still answer goes through its loops.
  context.workers.reset();
  // A day of use that is not written down is no reason to fail.
  static_cast<void>(context.tokens.record_uses());
  return loaded;
}

}  // namespace bascule
