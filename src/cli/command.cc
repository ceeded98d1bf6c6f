#include "cli/command.h"

#include <unistd.h>

#include <charconv>
#include <iostream>
#include <string>

#include "base/files.h"
#include "base/limits.h"
#include "cli/output.h"

namespace bascule::cli {

std::string model_path(std::string_view model, std::string_view rest) {
  return "/v1/models/" + url_path(model) + std::string(rest);
}

Result<Reference> tagged(std::string_view text) {
  BASCULE_TRY(auto reference, parse_reference(text));
  if (!std::holds_alternative<std::monostate>(reference.pin)) {
    return fail(Code::kInvalid, "'{}' must be a name and a tag, such as {}:candidate/wider-trees",
                text, reference.name);
  }
  return reference;
}

Result<std::string> named(std::string_view text) {
  BASCULE_CHECK_OK(check_model_name(text));
  return std::string(text);
}

Result<std::string> match_header(HttpClient& client, std::string_view model, std::string_view tag) {
  auto now = client.send("GET", model_path(model, "/tags/" + url_path(tag)));
  if (now) {
    return "If-Match: \"" + now->etag + "\"";
  }
  if (now.error().code != Code::kNotFound) {
    return std::unexpected(now.error());
  }
  return std::string("If-None-Match: *");
}

Result<bool> confirmed(const Common& common, std::string_view question) {
  if (common.yes || common.dry_run) {
    return true;
  }
  if (isatty(STDIN_FILENO) == 0) {
    return fail(Code::kInvalid, "this changes what answers and nobody is there to ask; add --yes");
  }
  std::cout << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

Result<std::int64_t> days_of(std::string_view option, std::string_view text) {
  std::string_view digits = text;
  if (digits.ends_with('d')) {
    digits.remove_suffix(1);
  }
  std::int64_t days = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), days);
  if (error != std::errc() || end != digits.data() + digits.size() || days < 0) {
    return fail(Code::kInvalid, "{} '{}' must be a number of days, such as 60d", option, text);
  }
  return days;
}

Result<std::string> read_file(const std::string& path) {
  BASCULE_TRY(const auto bytes, system_files().read(path, limits::kPackageBytes));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace bascule::cli
