#include "cli/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>

namespace bascule::cli {
namespace {

// "--log-level" as "log-level".
std::string name_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? std::string() : option.get_lnames().front();
}

// Help and the file itself are no settings.
bool is_setting(const CLI::Option& option) {
  const std::string name = name_of(option);
  return option.get_configurable() && !name.empty() && name != "help" && name != "config";
}

std::string environment_name(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  });
  return "BASCULE_" + name;
}

bool is_flag(const CLI::Option& option) {
  return option.get_items_expected_max() == 0;
}

// The value as a TOML file says it.
std::string toml_value(const CLI::Option& option) {
  std::ostringstream out;
  if (is_flag(option)) {
    out << (option.count() > 0 && option.as<bool>() ? "true" : "false");
    return out.str();
  }
  std::string text = option.count() > 0 ? option.as<std::string>() : option.get_default_str();
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    return text;
  }
  out << toml::toml_formatter(toml::value<std::string>(text), toml::format_flags::none);
  return out.str();
}

Status give(CLI::Option& option, const std::string& value, std::string_view source) {
  try {
    option.add_result(value);
    option.run_callback();
  } catch (const CLI::Error& error) {
    return fail(Code::kInvalid, "{}: {}", source, error.what());
  }
  return {};
}

// The value of a key as the command line would say it; nothing for lists and tables.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return text->get();
  }
  if (const auto* number = node.as_integer()) {
    return std::to_string(number->get());
  }
  if (const auto* truth = node.as_boolean()) {
    return truth->get() ? "true" : "false";
  }
  return std::nullopt;
}

class Settler {
 public:
  explicit Settler(CLI::App& command) {
    for (CLI::Option* option : command.get_options()) {
      if (is_setting(*option)) {
        options_.push_back(option);
        sources_.push_back(option->count() > 0 ? "--" + name_of(*option) : std::string());
      }
    }
  }

  Status take_environment() {
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const std::string name = environment_name(name_of(*options_[i]));
      const char* value = std::getenv(name.c_str());
      if (sources_[i].empty() && value != nullptr && *value != '\0') {
        BASCULE_CHECK_OK(give(*options_[i], value, name));
        sources_[i] = name;
      }
    }
    return {};
  }

  Status take_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {  // toml++ reads it as an empty file
      return fail(Code::kInvalid, "{} is a folder; give a file of settings", path);
    }
    toml::table table;
    try {
      table = toml::parse_file(path);
    } catch (const toml::parse_error& broken) {
      if (broken.source().begin.line == 0) {
        return fail(Code::kInvalid, "{}: {}", path, broken.description());
      }
      return fail(Code::kInvalid, "{} line {}: {}", path, broken.source().begin.line,
                  broken.description());
    }
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const std::string where = fmt::format("{} line {}", path, node.source().begin.line);
      const auto found = std::ranges::find(
          options_, name, [](const CLI::Option* option) { return name_of(*option); });
      if (found == options_.end()) {
        return fail(Code::kInvalid, "{}: '{}' is no setting; there are {}", where, name,
                    fmt::join(names(), ", "));
      }
      const auto value = text_of(node);
      if (!value) {
        return fail(Code::kInvalid, "{}: '{}' must be a text, a whole number, true or false", where,
                    name);
      }
      const auto i = static_cast<std::size_t>(found - options_.begin());
      if (sources_[i].empty()) {
        BASCULE_CHECK_OK(give(**found, *value, where));
        sources_[i] = where;
      }
    }
    return {};
  }

  std::vector<Setting> settings() const {
    std::vector<Setting> out;
    for (std::size_t i = 0; i < options_.size(); ++i) {
      out.push_back({name_of(*options_[i]), toml_value(*options_[i]),
                     sources_[i].empty() ? "default" : sources_[i],
                     options_[i]->get_description()});
    }
    return out;
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const CLI::Option* option : options_) {
      out.push_back(name_of(*option));
    }
    return out;
  }

  std::vector<CLI::Option*> options_;
  std::vector<std::string> sources_;  // of each option; empty: its default
};

}  // namespace

Result<std::vector<Setting>> settle(CLI::App& command, const std::string& file) {
  Settler settler(command);
  BASCULE_CHECK_OK(settler.take_environment());
  if (!file.empty()) {
    BASCULE_CHECK_OK(settler.take_file(file));
  }
  return settler.settings();
}

}  // namespace bascule::cli
