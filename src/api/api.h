// The API: the route table and what runs a request through it.
//
// Every event loop has a handler of its own; all share the table, which never changes. A request is
// matched, its actor found, its role checked, and then its route runs on the loop or on a worker.
#pragma once

#include <memory>
#include <string>

#include "api/call.h"
#include "api/handler.h"
#include "api/route_table.h"

namespace bascule {

// All routes of docs/http-api.md and of the pages of the faces. `api` outlives them.
std::vector<Route> all_routes(ApiContext& api);

class Api {
 public:
  // Starts no threads: `api.scorers` and `api.workers` are the caller's to fill.
  explicit Api(ApiContext& api);

  const RouteTable& table() const noexcept { return table_; }
  // One for each event loop; the API outlives it.
  std::unique_ptr<HttpHandler> make_handler();

 private:
  class Handler;

  ApiContext& api_;
  RouteTable table_;
};

}  // namespace bascule
