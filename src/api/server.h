// The service's process: listen, load, serve until told to stop, drain.
//
// The first SIGTERM or SIGINT turns readiness to 503, closes the listener and answers what has
// begun; a second one ends the process now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "api/call.h"
#include "api/http_server.h"
#include "base/result.h"

namespace bascule {

struct ServerOptions {
  HttpOptions http;         // `host` may be "localhost"
  std::size_t workers = 2;  // threads for what event loops must not wait for
  // Called once, when the port is open and before anything is loaded.
  std::function<void(std::uint16_t port)> listening;
  // Loads what is live; until it returns, readiness is 503. An error ends the server.
  std::function<Status()> load;
};

// Returns when the server has drained. kInvalid for an address that other machines reach, kConflict
// when the port is taken, and the error of `load`.
Status run_server(const ServerOptions& options, Services services);

}  // namespace bascule
