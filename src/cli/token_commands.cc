#include "cli/token_commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/output.h"

namespace bascule::cli {
namespace {

constexpr TimeUs kUsPerDay = 86'400'000'000;

std::string or_dash(std::string text) {
  return text.empty() ? "-" : text;
}

}  // namespace

Result<int> create_token(const Session& session, const TokenOptions& options) {
  std::string body;
  std::int64_t days = 0;
  if (!options.expires.empty()) {
    BASCULE_TRY(days, days_of("--expires", options.expires));
  }
  JsonWriter json(body);
  json.object([&] {
    json.key("name").string(options.name).key("role").string(options.role);
    if (!options.expires.empty()) {
      json.key("expires_at").string(format_time(system_clock().now_us() + days * kUsPerDay));
    }
  });
  BASCULE_TRY(const auto answer, session.client.send("POST", "/v1/tokens", body));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto made, parse_json(answer.body));
  const std::string until = text_of(made, "expires_at");
  fmt::print(stderr, "token {} of {} ({}){}; it is shown this once:\n", text_of(made, "id"),
             options.name, options.role, until.empty() ? "" : ", until " + short_time(until));
  print_line(text_of(made, "token"));
  return kDone;
}

Result<int> list_tokens(const Session& session) {
  BASCULE_TRY(const auto answer, session.client.send("GET", "/v1/tokens"));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  Table table({"ID", "NAME", "ROLE", "STATE", "CREATED", "BY", "EXPIRES", "LAST USED"});
  for (const Json& token : list_of(body, "tokens")) {
    table.add({text_of(token, "id"), text_of(token, "name"), text_of(token, "role"),
               text_of(token, "state"), short_time(text_of(token, "created_at")),
               text_of(token, "created_by"), or_dash(short_time(text_of(token, "expires_at"))),
               or_dash(text_of(token, "last_used"))});
  }
  table.print();
  return kDone;
}

Result<int> revoke_token(const Session& session, const std::string& id) {
  BASCULE_TRY(const auto answer, session.client.send("DELETE", "/v1/tokens/" + url_path(id)));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto token, parse_json(answer.body));
  print_line(fmt::format("revoked token {} of {} ({})", id, text_of(token, "name"),
                         text_of(token, "role")));
  return kDone;
}

}  // namespace bascule::cli
