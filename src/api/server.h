// The service's process: listen, load, serve until told to stop, drain.
//
// The first SIGTERM or SIGINT turns readiness to 503, closes the listener and answers what has
// begun; a second one ends the process now. With TLS the certificate is read again on SIGHUP, and
// when its files change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/http_server.h"
#include "api/telemetry/telemetry.h"
#include "api/tls.h"
#include "base/clock.h"
#include "base/result.h"

namespace bascule {

struct ServerOptions {
  HttpOptions http;             // `host` may be "localhost"
  std::size_t workers = 2;      // threads for scores that would hold up an event loop
  std::optional<TlsFiles> tls;  // nothing: plain
  // Told what became of each reading of changed files. May be empty.
  std::function<void(const Status&)> tls_reloaded;
  // Told of a certificate that was read when its time was over already. May be empty.
  std::function<void(TimeUs ended)> tls_expired = {};
  bool tokens = false;    // every request but health needs one
  bool insecure = false;  // listen where others reach it, with less than TLS and tokens
  TelemetryOptions telemetry = {};
  // Told what became of opening the request log's file again, on SIGHUP. May be empty.
  std::function<void(const Status&)> log_reopened = {};
  // Where the first admin's token is written, when there is nobody who could let others in.
  std::string admin_token_file = {};
  std::function<void()> admin_token_written;  // may be empty
  // Called once, when the ports are open and before anything is loaded.
  std::function<void(const HttpServer& server)> listening;
  // Loads what is live; until it returns, readiness is 503. An error ends the server.
  std::function<Status()> load;
};

// Returns when the server has drained. kInvalid for an address that other machines reach and that
// is not protected, kConflict when the port is taken, and the error of `load`.
Status run_server(const ServerOptions& options, Services services);

}  // namespace bascule
