// What every command gets, and what it gives back.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/http_client.h"
#include "registry/reference.h"

namespace bascule::cli {

// Exit codes, documented in `bascule --help`.
inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;      // the server, a file or a gate said no
inline constexpr int kUsage = 2;        // the command line makes no sense
inline constexpr int kUnreachable = 3;  // no server answers

// Options that every command understands.
struct Common {
  std::string url = "http://127.0.0.1:8080";
  std::string token;
  std::string actor;
  TlsOptions tls;
  bool json = false;     // print the server's JSON, for programs
  bool dry_run = false;  // say what would change, change nothing
  bool yes = false;      // do not ask
};

struct Session {
  const Common& common;
  HttpClient& client;
};

// "/v1/models/<team>/<model>" and what follows.
std::string model_path(std::string_view model, std::string_view rest = {});

// The name and the tag of "fraud/charge:candidate/x", which must have a tag and no pin.
Result<Reference> tagged(std::string_view text);
// A name alone.
Result<std::string> named(std::string_view text);

// The revision of a tag as an If-Match header, or If-None-Match where there is no such tag.
Result<std::string> match_header(HttpClient& client, std::string_view model, std::string_view tag);

// Asks on the terminal; true for y or yes. Without a terminal it is a refusal that names --yes.
Result<bool> confirmed(const Common& common, std::string_view question);

// "90d" or "90" as 90; the option's name stands in the error.
Result<std::int64_t> days_of(std::string_view option, std::string_view text);

Result<std::string> read_file(const std::string& path);

}  // namespace bascule::cli
