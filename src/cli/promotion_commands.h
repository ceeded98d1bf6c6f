// Commands that compare and move: report, promote, rollback.
#pragma once

#include <string>

#include "cli/command.h"

namespace bascule::cli {

struct ReportOptions {
  std::string reference;  // fraud/charge:candidate/x
  std::string since, until;
};
Result<int> report(const Session& session, const ReportOptions& options);

struct PromoteOptions {
  std::string reference;
  std::string report;  // an id; empty: the newest of these two
  std::string reason;
  bool force = false;
};
// Shows what changes and asks, unless --yes.
Result<int> promote(const Session& session, const PromoteOptions& options);

struct RollBackOptions {
  std::string model;
  std::string to;  // "v6"; empty: the last promoted one
  std::string reason;
};
Result<int> roll_back(const Session& session, const RollBackOptions& options);

}  // namespace bascule::cli
