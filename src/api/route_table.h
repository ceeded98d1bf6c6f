// The routes: what the service answers, to whom, and on which thread.
//
// Denied by default: what no row names is not there, and a row cannot be written without the role
// that it needs. A pattern is a path with `{name}` (two segments), `{tag}` and `{v}` (one or two)
// and `{id}` (one); a slash inside them may come raw or as %2F. A verb may end a name:
// `{name}:predict`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/handler.h"
#include "base/result.h"

namespace bascule {
struct Call;  // api/call.h

// A ladder: each role may do what those before it may.
// There is no zero: a role that nobody wrote is none of these.
enum class Role : std::uint8_t {
  kAnyone = 1,  // "none" in the documentation: health, for machines without a name
  kViewer,
  kScorer,
  kPublisher,
  kPromoter,
  kOperator,
  kAdmin,
};
std::string_view role_name(Role role) noexcept;
// The role of that name that a token may have; none for "none" and for other texts.
std::optional<Role> role_of(std::string_view name) noexcept;
constexpr bool may(Role has, Role needed) noexcept {
  return has >= needed;
}

enum class Where : std::uint8_t {
  kLoop,    // answers in microseconds and never waits
  kSized,   // on the loop while the body is small, else on a worker
  kWorker,  // touches the disk, or takes long
};

// An error becomes the answer. A route that takes call.responder away answers later, by itself.
using RouteFunction = std::function<Status(Call&)>;
// Of a gRPC method whose messages are a stream: appends the message that says that one of them, the
// text `message`, failed. The stream goes on behind it.
using WriteFailedMessage = void (*)(std::string& out, std::string_view message, int grpc_status,
                                    std::string_view error);

struct Route {
  Route(Method method, std::string_view pattern, Role role, Where where, std::uint64_t body_limit,
        RouteFunction run)
      : method(method),
        pattern(pattern),
        role(role),
        where(where),
        body_limit(body_limit),
        run(std::move(run)) {}

  Method method;
  std::string_view pattern;  // a literal
  Role role;
  Where where;
  std::uint64_t body_limit;
  RouteFunction run;
  WriteFailedMessage write_failed = nullptr;  // null: no stream
};

// What stands in the places of a pattern.
struct PathParts {
  std::string name;  // "fraud/charge"
  std::string tag;   // "candidate/wider-trees"
  std::string version;
  std::string id;
};

class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  struct Match {
    std::size_t route = 0;  // of `routes`
    PathParts parts;
  };
  // kInvalid for a path that cannot be decoded, kNotFound when nothing is there. When something is
  // there for other methods only, `allow` names them and the error is kNotFound too.
  Result<Match> match(Method method, std::string_view path, std::string& allow) const;

  std::span<const Route> routes() const noexcept { return routes_; }

 private:
  struct Piece {
    enum class Kind : std::uint8_t { kText, kName, kTag, kVersion, kId } kind = Kind::kText;
    std::string_view text;  // of kText; behind a name: what ends it
  };
  static bool fits(std::span<const Piece> pattern, std::span<const std::string_view> path,
                   PathParts& parts);

  std::vector<Route> routes_;
  std::vector<std::vector<Piece>> patterns_;  // of each route
  std::set<std::string_view> behind_names_;   // "score", "tags"
};

// Decodes %XX. kInvalid for a bad escape, a control character or text that is not UTF-8.
Result<std::string> percent_decode(std::string_view text);
// The value of a query parameter, decoded; empty when it is not there. kInvalid when it stands
// twice.
Result<std::string> query_value(std::string_view query, std::string_view name);
// kInvalid for a parameter that is not one of `known`.
Status check_query(std::string_view query, std::initializer_list<std::string_view> known);

}  // namespace bascule
