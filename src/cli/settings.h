// The settings of the server: one list of options, and where each one's value came from.
//
// A flag wins over the environment, the environment over the file, the file over the default. The
// options of a CLI11 command are the one source of names, checks and defaults: `--log-level` is
// BASCULE_LOG_LEVEL and `log-level = "warn"` in a TOML file.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace bascule::cli {

struct Setting {
  std::string name;    // "log-level"
  std::string value;   // as a file would say it: "warn", 2, true
  std::string source;  // "--log-level", "BASCULE_LOG_LEVEL", "bascule.toml line 3", "default"
  std::string description;
};

// Fills in what the command line of `command` left out, and lists all of its settings. An empty
// `file` is none. kInvalid names the setting, the source and what was expected, for a value that an
// option does not take, a key that is no setting, and a file that is not TOML.
Result<std::vector<Setting>> settle(CLI::App& command, const std::string& file);

}  // namespace bascule::cli
