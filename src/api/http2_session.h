// HTTP/2 on one connection: many requests at once, each answered when its answer is there.
//
// nghttp2 does the framing; this class turns streams into the requests and answers of
// api/handler.h, so that a route does not see which protocol it is asked by. A gRPC call is such a
// request too: its answer's status and error become trailers here. What a peer may make us hold or
// do is bounded: streams, header, body, bytes of all bodies, and what it may break a minute.
#pragma once

#include <memory>
#include <string>

#include "api/session.h"

namespace bascule {

// `env` outlives the session; `peer` is HttpRequest::peer of its requests.
std::unique_ptr<Session> make_http2_session(HttpSessionEnv& env, std::weak_ptr<SessionOwner> owner,
                                            std::string peer = {});

}  // namespace bascule
