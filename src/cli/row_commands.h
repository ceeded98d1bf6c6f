// Commands about rows: score, label, log.
#pragma once

#include <string>

#include "cli/command.h"

namespace bascule::cli {

struct ScoreOptions {
  std::string target;   // fraud/charge[@v7], or a file *.bascule, which is scored without a server
  std::string rows;     // a CSV file with a header, or a JSON file as the score route takes it
  std::string version;  // another live version than production
};
Result<int> score(const Session& session, const ScoreOptions& options);

// A CSV of key,value[,amount], with or without a header line of these names.
Result<int> label(const Session& session, const std::string& model, const std::string& file,
                  const std::string& source);

struct LogOptions {
  std::string model, key, since;
  int limit = 20;
};
Result<int> log(const Session& session, const LogOptions& options);

// Commands on a file, without a server.
Result<int> inspect(const Common& common, const std::string& file);
Result<int> verify(const Common& common, const std::string& file);

}  // namespace bascule::cli
