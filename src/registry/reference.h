// References: how people and URLs name what they mean.
//
//     reference = name [ ":" tag ] [ "@" pin ]
//     name      = segment "/" segment      segment: [a-z0-9]([a-z0-9._-]*[a-z0-9])?, at most 63
//                                          characters, no ".."
//     tag       = segment [ "/" segment ]  not v<digits>, not "latest", not 12 or more hex digits
//     pin       = "sha256:" 64 hex | "v" integer | "{" RFC 3339 time "}" | "~" integer
//
// "fraud/charge" means "fraud/charge:production". "fraud/charge@v17" is a version, whatever the
// tags say; "fraud/charge:production@v17" is an expectation: an error when the tag is elsewhere.
// Every error is kInvalid and names the text, the rule and an example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace bascule {

inline constexpr std::string_view kProductionTag = "production";
inline constexpr std::string_view kCandidatePrefix = "candidate/";

// What comes after "@".
struct VersionPin {
  std::int64_t number = 0;  // 17 of "v17"; from 1
  bool operator==(const VersionPin&) const = default;
};
struct DigestPin {
  std::string digest;  // "sha256:" and 64 hexadecimal digits
  bool operator==(const DigestPin&) const = default;
};
struct TimePin {
  TimeUs at = 0;  // what the tag pointed at then
  bool operator==(const TimePin&) const = default;
};
struct BackPin {
  std::int64_t steps = 0;  // "~1": what the tag pointed at before; "~0": what it points at
  bool operator==(const BackPin&) const = default;
};
using Pin = std::variant<std::monostate, VersionPin, DigestPin, TimePin, BackPin>;

struct Reference {
  std::string name;  // "fraud/charge"
  // "production" when the text had none; empty only when the pin alone says which version.
  std::string tag;
  Pin pin;
  bool operator==(const Reference&) const = default;
};

Result<Reference> parse_reference(std::string_view text);
// The text that parses to the same reference, with its tag written out.
std::string format_reference(const Reference& reference);

// What a URL takes in place of a version: "7", "v7", "sha256:..." or a tag. Digits alone are a
// version's number, even where a tag has that name.
struct TagName {
  std::string tag;
  bool operator==(const TagName&) const = default;
};
using VersionSelector = std::variant<VersionPin, DigestPin, TagName>;
Result<VersionSelector> parse_version_selector(std::string_view text);

Status check_model_name(std::string_view name);
Status check_tag_name(std::string_view tag);

// "v7": how a version is written everywhere.
std::string version_text(std::int64_t number);

}  // namespace bascule
