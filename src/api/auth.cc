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

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) && is_loopback_authority(origin.substr(scheme.size()))) {
      return true;
    }
  }
  return false;
}

bool is_actor_name(std::string_view name) {
  return !name.empty() && name.size() <= kActorBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '@' || c == '+';
         });
}

}  // namespace

Status check_listen_address(std::string_view host) {
  if (host == "::1" || host.starts_with("127.")) {
    return {};
  }
  return fail(
      Code::kInvalid,
      "refusing to listen on '{}': this version has neither TLS nor tokens, so everybody who "
      "reaches it could promote models; listen on 127.0.0.1 and put a proxy with TLS and "
      "authentication in front",
      host);
}

Result<std::string> authorize(const HttpRequest& request, Role role) {
  const auto host = request.header("host");
  if (!host.empty() && !is_loopback_authority(host)) {
    return fail(
        Code::kForbidden,
        "this server answers to localhost, 127.0.0.1 and [::1] only, not to the Host it was "
        "asked for");
  }
  const bool changes = request.method != Method::kGet && request.method != Method::kHead;
  const auto origin = request.header("origin");
  if (changes && !origin.empty() && !is_loopback_origin(origin)) {
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

}  // namespace bascule
