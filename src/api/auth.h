// Who asks, and whether they may.
//
// With tokens every request but health brings one, and its principal is the actor. Without them
// there is one actor, `local`, on a listener that only this machine reaches, unless the operator
// said --insecure. A browser on this machine is somebody else's program: without tokens, requests
// for another host name (DNS rebinding) and changes from another origin are refused. A page of
// another site cannot know a token.
#pragma once

#include <string>
#include <string_view>

#include "api/handler.h"
#include "api/route_table.h"
#include "api/tokens.h"
#include "base/clock.h"
#include "base/result.h"

namespace bascule {

struct Access {
  bool tokens = false;   // every request needs one
  bool loopback = true;  // only this machine reaches the listener
};

bool is_loopback_address(std::string_view host) noexcept;
// kInvalid for an address that other machines reach, unless there are both TLS and tokens or the
// operator said `insecure`; names what is missing.
Status check_listen_address(std::string_view host, bool tls, bool tokens, bool insecure);

// Letters, digits and . _ - @ +, at most 64.
bool is_actor_name(std::string_view name) noexcept;

// One per thread. All it is given outlives it.
class Authorizer {
 public:
  Authorizer(const Access& access, const Tokens& tokens, const Clock& clock)
      : access_(access), tokens_(tokens), clock_(clock) {}

  // The actor of a request that may have `role`. With tokens: the token's principal;
  // kUnauthorized without a token that lets in, kForbidden when its role is too small. Without:
  // "local", or the person that X-Bascule-Actor names; kForbidden for a foreign Host or Origin,
  // kInvalid for an actor's name that is none.
  Result<std::string> authorize(const HttpRequest& request, Role role);

 private:
  Result<std::string> by_token(const HttpRequest& request, Role role);

  const Access& access_;
  Tokens::Cache tokens_;
  const Clock& clock_;
};

}  // namespace bascule
