// Tokens: made, listed and revoked by admins.

#include <charconv>

#include "api/auth.h"
#include "api/body_fields.h"
#include "api/call.h"
#include "base/json_writer.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::uint64_t kChangeBytes = 4 << 10;
constexpr TimeUs kUsPerDay = 86'400'000'000;

void write_token(JsonWriter& json, const Token& token, TimeUs now, std::string_view secret = {}) {
  const auto text = [&](std::string_view key, const std::string& value) {
    json.key(key);
    value.empty() ? json.null() : json.string(value);
  };
  const auto time = [&](std::string_view key, TimeUs value) {
    text(key, value == 0 ? std::string() : format_time(value));
  };
  const bool expired = token.expires_at != 0 && token.expires_at <= now;
  json.object([&] {
    json.key("id").integer(token.id);
    json.key("name").string(token.principal);
    json.key("role").string(token.role);
    if (!secret.empty()) {
      json.key("token").string(secret);
    }
    json.key("state").string(token.revoked_at != 0 ? "revoked" : expired ? "expired" : "active");
    time("created_at", token.created_at);
    json.key("created_by").string(token.created_by);
    time("expires_at", token.expires_at);
    // A day, not a time: who asked when is the score log's to say.
    text("last_used",
         format_time(token.used_day * kUsPerDay).substr(0, token.used_day > 0 ? 10 : 0));
    time("revoked_at", token.revoked_at);
    text("revoked_by", token.revoked_by);
  });
}

Result<NewToken> read_token(const Call& call, TimeUs now) {
  BASCULE_TRY(const auto body, body_object(call.request, {"name", "role", "expires_at?"}));
  NewToken token;
  BASCULE_TRY(token.principal, fields::nonempty_text(body, "name"));
  if (!is_actor_name(token.principal) || token.principal == "local") {
    return fail(Code::kInvalid,
                "name must be 1 to 64 letters, digits and the characters . _ - @ +, and not local: "
                "that is who asks without tokens");
  }
  BASCULE_TRY(token.role, fields::nonempty_text(body, "role"));
  if (!role_of(token.role)) {
    return fail(Code::kInvalid,
                "role must be viewer, scorer, publisher, promoter, operator or admin");
  }
  BASCULE_TRY(const auto expires_at, optional_time(body, "expires_at"));
  token.expires_at = expires_at.value_or(0);
  if (expires_at && *expires_at <= now) {
    return fail(Code::kInvalid, "expires_at {} has passed; expected a time to come, or none",
                format_time(*expires_at));
  }
  token.created_by = call.actor;
  return token;
}

Status create(Call& call, ApiContext& api) {
  const TimeUs now = api.services.clock.now_us();
  BASCULE_TRY(auto wanted, read_token(call, now));
  const std::string secret = make_token(call.thread->random);
  wanted.hash = token_hash(secret);
  BASCULE_TRY(const auto token, api.services.catalog.add_token(wanted));
  BASCULE_CHECK_OK(api.tokens.load());
  HttpResponse& response = call.response();
  response.status = 201;
  response.headers.emplace_back("Cache-Control", "no-store");
  JsonWriter json(response.body);
  write_token(json, token, now, secret);
  return {};
}

Status list(Call& call, ApiContext& api) {
  BASCULE_CHECK_OK(check_query(call.request.query, {"after", "limit"}));
  BASCULE_TRY(const auto after, query_integer(call.request, "after", 0, INT64_MAX));
  BASCULE_TRY(const auto limit,
              query_integer(call.request, "limit", limits::kPageRows, limits::kPageRows));
  BASCULE_CHECK_OK(api.tokens.record_uses());
  BASCULE_TRY(const auto tokens,
              api.services.catalog.list_tokens(after, static_cast<std::size_t>(limit)));
  const TimeUs now = api.services.clock.now_us();
  JsonWriter json(call.response().body);
  json.object([&] {
    json.key("tokens").array([&] {
      for (const Token& token : tokens) {
        write_token(json, token, now);
      }
    });
  });
  return {};
}

Status revoke(Call& call, ApiContext& api) {
  const std::string& text = call.parts.id;
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::kInvalid,
                "a token's id is a number, such as 7; `bascule token list` shows it");
  }
  BASCULE_TRY(const auto token, api.services.catalog.revoke_token(id, call.actor));
  BASCULE_CHECK_OK(api.tokens.load());
  JsonWriter json(call.response().body);
  write_token(json, token, api.services.clock.now_us());
  return {};
}

}  // namespace

void add_token_routes(std::vector<Route>& routes, ApiContext& api) {
  const auto add = [&](Method method, std::string_view pattern, std::uint64_t limit,
                       Status (*run)(Call&, ApiContext&)) {
    routes.emplace_back(method, pattern, Role::kAdmin, Where::kWorker, limit,
                        [&api, run](Call& call) { return run(call, api); });
  };
  add(Method::kGet, "/v1/tokens", 0, list);
  add(Method::kPost, "/v1/tokens", kChangeBytes, create);
  add(Method::kDelete, "/v1/tokens/{id}", 0, revoke);
}

}  // namespace bascule
