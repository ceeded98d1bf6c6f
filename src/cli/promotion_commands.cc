#include "cli/promotion_commands.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/output.h"

namespace bascule::cli {
namespace {

Result<HttpAnswer> make_report(const Session& session, const Reference& reference,
                               const std::string& since, const std::string& until) {
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    json.key("candidate").string(reference.tag);
    if (!since.empty()) {
      json.key("since").string(since);
    }
    if (!until.empty()) {
      json.key("until").string(until);
    }
  });
  return session.client.send("POST", model_path(reference.name, "/reports"), body);
}

std::string side(const Json& moved, std::string_view key) {
  const Json* side = moved.find(key);
  if (side == nullptr || side->is_null()) {
    return "-";
  }
  return fmt::format("{} ({})", text_of(*side, "version"), short_digest(text_of(*side, "digest")));
}

void print_move(const std::string& model, const Json& moved, bool dry_run) {
  print_line(fmt::format("{}{}:production  {} -> {}", dry_run ? "would be: " : "", model,
                         side(moved, "from"), side(moved, "to")));
}

std::string promotion_body(const Reference& reference, const PromoteOptions& options,
                           bool dry_run) {
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    json.key("candidate").string(reference.tag).key("reason").string(options.reason);
    if (!options.report.empty()) {
      json.key("report").string(options.report);
    }
    if (options.force) {
      json.key("force").boolean(true);
    }
    if (dry_run) {
      json.key("dry_run").boolean(true);
    }
  });
  return body;
}

// The tag moved or would move; both answers have the same form.
Result<int> finish(const Session& session, const std::string& model, const HttpAnswer& answer) {
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto moved, parse_json(answer.body));
  print_move(model, moved, session.common.dry_run);
  return kDone;
}

std::string roll_back_body(const RollBackOptions& options, bool dry_run) {
  std::string body;
  JsonWriter json(body);
  json.object([&] {
    if (!options.to.empty()) {
      json.key("to").string(options.to);
    }
    json.key("reason").string(options.reason);
    if (dry_run) {
      json.key("dry_run").boolean(true);
    }
  });
  return body;
}

// Shows what a dry run says and asks. Nothing to ask with --yes or --dry-run.
Result<bool> agreed(const Session& session, const std::string& model, const std::string& path,
                    const std::string& trial_body, const std::string& match) {
  if (session.common.yes || session.common.dry_run) {
    return true;
  }
  BASCULE_TRY(const auto trial, session.client.json("POST", path, trial_body, {match}));
  print_move(model, trial, /*dry_run=*/true);
  return confirmed(session.common, "go on?");
}

}  // namespace

Result<int> report(const Session& session, const ReportOptions& options) {
  BASCULE_TRY(const auto reference, tagged(options.reference));
  BASCULE_TRY(const auto answer, make_report(session, reference, options.since, options.until));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  std::string text = text_of(body, "text");
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  print_line(text);
  print_line(fmt::format("report {}", text_of(body, "id").substr(0, 12)));
  return kDone;
}

Result<int> promote(const Session& session, const PromoteOptions& options) {
  BASCULE_TRY(const auto reference, tagged(options.reference));
  BASCULE_TRY(const auto match, match_header(session.client, reference.name, kProductionTag));
  const std::string path = model_path(reference.name, "/promotions");
  BASCULE_TRY(const bool go, agreed(session, reference.name, path,
                                    promotion_body(reference, options, true), match));
  if (!go) {
    return print_line("nothing was changed"), kRefused;
  }
  BASCULE_TRY(
      const auto answer,
      session.client.send("POST", path, promotion_body(reference, options, session.common.dry_run),
                          {match}));
  return finish(session, reference.name, answer);
}

Result<int> roll_back(const Session& session, const RollBackOptions& options) {
  BASCULE_TRY(const auto model, named(options.model));
  BASCULE_TRY(const auto match, match_header(session.client, model, kProductionTag));
  const std::string path = model_path(model, "/rollbacks");
  BASCULE_TRY(const bool go, agreed(session, model, path, roll_back_body(options, true), match));
  if (!go) {
    return print_line("nothing was changed"), kRefused;
  }
  BASCULE_TRY(
      const auto answer,
      session.client.send("POST", path, roll_back_body(options, session.common.dry_run), {match}));
  return finish(session, model, answer);
}

}  // namespace bascule::cli
