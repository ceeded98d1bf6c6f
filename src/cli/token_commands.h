// Commands for tokens: who may ask this server.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"

namespace bascule::cli {

struct TokenOptions {
  std::string name, role;
  std::string expires;  // "90d"; empty: never
};

// Prints the token alone, so that a script can keep it; what else is to be said goes to stderr.
Result<int> create_token(const Session& session, const TokenOptions& options);
Result<int> list_tokens(const Session& session);
Result<int> revoke_token(const Session& session, const std::string& id);

}  // namespace bascule::cli
