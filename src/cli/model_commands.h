// Commands about models, versions and tags.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace bascule::cli {

struct CreateOptions {
  std::string model, kind, owner;
  std::string label_window = "30d";
  std::string policy_file;
  std::vector<std::string> segments;
  std::string key_column, entity_column, amount_column, time_column;
  bool ignore_extra_columns = false;
};
Result<int> create(const Session& session, const CreateOptions& options);

Result<int> list(const Session& session, const std::string& model);  // empty: all models
Result<int> show(const Session& session, const std::string& reference);
Result<int> diff(const Session& session, const std::string& left, const std::string& right);
Result<int> policy(const Session& session, const std::string& model, const std::string& file);
Result<int> push(const Session& session, const std::string& file, const std::string& model);

struct TagOptions {
  std::string reference;  // fraud/charge:candidate/x
  std::string version;    // "v2"
  std::string reason;
  bool remove = false;
  bool force = false;
};
Result<int> tag(const Session& session, const TagOptions& options);
Result<int> history(const Session& session, const std::string& reference);

}  // namespace bascule::cli
