// Who asks, and whether they may: today one actor, `local`, on a listener that only this machine
// reaches.
//
// There are no tokens and no TLS yet, so a listener that other machines reach is refused. A browser
// on this machine is somebody else's program: requests for another host name (DNS rebinding) and
// changes from another origin are refused.
#pragma once

#include <string>
#include <string_view>

#include "api/handler.h"
#include "api/route_table.h"
#include "base/result.h"

namespace bascule {

// kInvalid unless `host` is a loopback address; says what to do instead.
Status check_listen_address(std::string_view host);

// The actor of a request that may have `role`: "local", or the person that X-Bascule-Actor names.
// kForbidden for a foreign Host or Origin, kInvalid for an actor's name that is none.
Result<std::string> authorize(const HttpRequest& request, Role role);

}  // namespace bascule
