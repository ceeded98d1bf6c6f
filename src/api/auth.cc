#include "api/auth.h"

#include <algorithm>
#include <cctype>

namespace bascule {
namespace {

constexpr std::size_t kActorBytes = 64;

// "127.0.0.1:8080", "localhost", "[::1]:8080": any port, since it may be forwarded.
bool is_loopback_authority(std::string_view authority) {
  const auto is_port = [](std::string_view text) {
    return text.empty() ||
           (text[0] == ':' && text.size() <= 6 &&
            std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; }));
  };
  for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    if (authority.starts_with(host) && is_port(authority.substr(host.size()))) {
      return true;
    }
  }
  return false;
}

// Whether a page of `origin` is this server's own, or of this machine where only it is served.
bool is_own_origin(std::string_view origin, std::string_view host, bool loopback) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) {
      continue;
    }
    const auto authority = origin.substr(scheme.size());
    if (authority == host || (loopback && is_loopback_authority(authority))) {
      return true;
    }
  }
  return false;
}

// The token of "Bearer <token>"; empty when it is none.
std::string_view bearer_token(std::string_view value) noexcept {
  constexpr std::string_view kScheme = "bearer";
  if (value.size() <= kScheme.size() || !same_token(value.substr(0, kScheme.size()), kScheme) ||
      value[kScheme.size()] != ' ') {
    return {};
  }
  value.remove_prefix(kScheme.size());
  return value.substr(std::min(value.find_first_not_of(' '), value.size()));
}

}  // namespace

bool is_actor_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kActorBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '@' || c == '+';
         });
}

bool is_loopback_address(std::string_view host) noexcept {
  return host == "::1" || host.starts_with("127.");
}

Status check_listen_address(std::string_view host, bool tls, bool tokens, bool insecure) {
  if (is_loopback_address(host) || insecure || (tls && tokens)) {
    return {};
  }
  return fail(
      Code::kInvalid,
      "refusing to listen on '{}' without {}: other machines reach it, and could read every "
      "row and promote models; give {}, or say --insecure if a proxy in front does both",
      host,
      tls      ? "tokens"
      : tokens ? "TLS"
               : "TLS and tokens",
      tls      ? "--tokens"
      : tokens ? "--tls-cert and --tls-key"
               : "--tls-cert, --tls-key and --tokens");
}

Result<std::string> Authorizer::authorize(const HttpRequest& request, Role role) {
  if (access_.tokens) {
    return role == Role::kAnyone ? Result<std::string>("anyone") : by_token(request, role);
  }
  const auto host = request.header("host");
  if (access_.loopback && !host.empty() && !is_loopback_authority(host)) {
    return fail(
        Code::kForbidden,
        "this server answers to localhost, 127.0.0.1 and [::1] only, not to the Host it was "
        "asked for");
  }
  const bool changes = request.method != Method::kGet && request.method != Method::kHead;
  const auto origin = request.header("origin");
  if (changes && !origin.empty() && !is_own_origin(origin, host, access_.loopback)) {
    return fail(Code::kForbidden, "a change from another web site's page is refused");
  }
  const auto actor = request.header("x-bascule-actor");
  if (actor.empty() || role == Role::kAnyone) {
    return "local";
  }
  if (!is_actor_name(actor)) {
    return fail(Code::kInvalid,
                "X-Bascule-Actor must be 1 to {} letters, digits and the characters . _ - @ +",
                kActorBytes);
  }
  return std::string(actor);
}

Result<std::string> Authorizer::by_token(const HttpRequest& request, Role role) {
  const auto given = request.header("authorization");
  if (given.empty()) {
    return fail(Code::kUnauthorized,
                "this needs a token: send the header Authorization: Bearer <token>, or set "
                "BASCULE_TOKEN");
  }
  if (request.count("authorization") > 1) {
    return fail(Code::kUnauthorized, "the header Authorization stands more than once");
  }
  const Principal* principal = tokens_.find(bearer_token(given));
  if (principal == nullptr) {
    return fail(Code::kUnauthorized,
                "nobody here has this token; expected Bearer and what `bascule token create` "
                "printed");
  }
  const TimeUs now = clock_.now_us();
  if (principal->revoked) {
    return fail(Code::kUnauthorized, "token {} of {} was revoked; ask an admin for another one",
                principal->token, principal->name);
  }
  if (principal->expires_at != 0 && principal->expires_at <= now) {
    return fail(Code::kUnauthorized, "token {} of {} expired at {}; ask an admin for another one",
                principal->token, principal->name, format_time(principal->expires_at));
  }
  if (!may(principal->role, role)) {
    return fail(Code::kForbidden, "this needs the role {}, and {} is {}", role_name(role),
                principal->name, role_name(principal->role));
  }
  tokens_.note_use(*principal, now);
  return principal->name;
}

}  // namespace bascule
