#include "cli/row_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/rows_decoder.h"
#include "api/score_encoder.h"
#include "base/json_writer.h"
#include "cli/csv.h"
#include "cli/output.h"
#include "cli/rows_file.h"
#include "engine/plan.h"
#include "package/package.h"
#include "serving/host.h"

namespace bascule::cli {
namespace {

constexpr std::size_t kRowsPerRequest = 1'000;

ColumnTypes types_of(const Manifest& manifest) {
  ColumnTypes types;
  for (const InputColumn& input : manifest.inputs) {
    types.emplace(input.name, column_type_name(input.type));
  }
  return types;
}

ColumnTypes types_of(const Json& version) {
  ColumnTypes types;
  for (const Json& input : list_of(version, "inputs")) {
    types.emplace(text_of(input, "name"), text_of(input, "type"));
  }
  return types;
}

// A live set of one package, so that a file is scored by the code that answers requests.
Result<std::shared_ptr<LiveSet>> live_set_of(const std::string& file) {
  BASCULE_TRY(auto package, Package::open_file(file));
  const std::string digest = digest_text(package->digest());
  auto set = std::make_shared<LiveSet>();
  set->model = package->manifest().model.empty() ? file : package->manifest().model;
  set->ignore_extra_columns = true;
  BASCULE_TRY(auto plan, Plan::load(std::move(package)));
  set->production = LiveTag{
      "file", 0, std::make_shared<const LiveVersion>(LiveVersion{0, digest, std::move(plan)}), {}};
  BASCULE_CHECK_OK(unite_columns(*set));
  return set;
}

Result<std::string> score_file(const std::string& file, const std::string& rows) {
  BASCULE_TRY(const auto set, live_set_of(file));
  const LiveTag& tag = *set->production;
  const Plan& plan = *tag.live->plan;
  BASCULE_TRY(auto body, rows_body(rows, types_of(plan.manifest())));
  const std::size_t size = body.size();
  body.resize(size + kBodyPadding, ' ');
  JsonParser parser;
  BASCULE_TRY(auto request, decode_rows(parser, std::string_view(body).substr(0, size), *set));
  OutputMask wanted = plan.default_outputs();
  if (!request.outputs.empty()) {
    BASCULE_TRY(wanted, plan.outputs(request.outputs));
  }
  ScoreScratch scratch(plan);
  Answer answer;
  answer.tag = &tag;
  answer.scored =
      score_batch(tag, request.batch, wanted, scratch, [&](std::size_t row, RowProblem problem) {
        request.batch.mark_bad(row, std::move(problem));
        return request.batch.takes_problem(row);
      });
  answer.event_ids.resize(request.batch.rows());
  answer.actions.resize(request.batch.rows());
  HttpResponse response;
  encode_rows(response, *set, request.batch, answer, wanted, request.single);
  return response.body;
}

void print_rows(const Json& answer) {
  const Json::Array single{answer};
  const Json::Array& rows = answer.find("rows") != nullptr ? list_of(answer, "rows") : single;
  Table table({"ROW", "SCORE", "ACTION", "OUTPUTS"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const Json* error = rows[i].find("error")) {
      table.add({std::to_string(i), "refused", "", text_of(*error, "message")});
    } else {
      table.add({std::to_string(i), text_of(rows[i], "score"), text_of(rows[i], "action"),
                 text_of(rows[i], "outputs")});
    }
  }
  table.print();
}

bool is_header(const std::vector<std::string>& fields) {
  return fields.size() >= 2 && fields[0] == "key" && (fields[1] == "value" || fields[1] == "label");
}

void write_value(JsonWriter& json, const std::string& text) {
  const auto parsed = parse_json(text);
  double number = 0;
  if (parsed && parsed->number(number)) {
    json.raw(text);
  } else {
    json.string(text);
  }
}

Result<std::string> labels_body(std::span<const std::vector<std::string>> rows,
                                const std::string& source) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("labels").begin_array();
  for (const auto& row : rows) {
    if (row.size() < 2) {
      return fail(Code::kInvalid, "a label needs key,value; found only '{}'", row[0]);
    }
    json.begin_object();
    json.key("key").string(row[0]);
    json.key("value");
    write_value(json, row[1]);
    if (row.size() > 2 && !row[2].empty()) {
      json.key("amount").raw(row[2]);
    }
    if (!source.empty()) {
      json.key("source").string(source);
    }
    json.end_object();
  }
  json.end_array().end_object();
  return body;
}

}  // namespace

Result<int> score(const Session& session, const ScoreOptions& options) {
  BASCULE_TRY(const auto rows, read_file(options.rows));
  std::string raw;
  if (options.target.ends_with(".bascule")) {
    BASCULE_TRY(raw, score_file(options.target, rows));
  } else {
    BASCULE_TRY(const auto reference, parse_reference(options.target));
    std::string version = reference.tag;
    if (const auto* pin = std::get_if<VersionPin>(&reference.pin)) {
      version = version_text(pin->number);
    }
    BASCULE_TRY(
        const auto described,
        session.client.json("GET", model_path(reference.name, "/versions/" + url_path(version))));
    BASCULE_TRY(const auto body, rows_body(rows, types_of(described)));
    const std::string query = version == kProductionTag ? "" : "?version=" + url_path(version);
    BASCULE_TRY(const auto answer,
                session.client.send("POST", model_path(reference.name, "/score" + query), body));
    raw = answer.body;
  }
  if (session.common.json) {
    return print_line(raw), kDone;
  }
  BASCULE_TRY(const auto answer, parse_json(raw));
  print_rows(answer);
  return kDone;
}

Result<int> label(const Session& session, const std::string& model, const std::string& file,
                  const std::string& source) {
  BASCULE_TRY(const auto name, named(model));
  BASCULE_TRY(const auto text, read_file(file));
  BASCULE_TRY(auto csv, parse_csv(text, /*header=*/false));
  std::span<const std::vector<std::string>> rows(csv.rows);
  if (!rows.empty() && is_header(rows[0])) {
    rows = rows.subspan(1);
  }
  std::int64_t accepted = 0;
  std::int64_t unknown = 0;
  for (std::size_t first = 0; first < rows.size(); first += kRowsPerRequest) {
    const auto part = rows.subspan(first, std::min(kRowsPerRequest, rows.size() - first));
    BASCULE_TRY(const auto body, labels_body(part, source));
    if (session.common.dry_run) {
      continue;
    }
    BASCULE_TRY(const auto answer, session.client.json("POST", model_path(name, "/labels"), body));
    const Json* count = answer.find("accepted");
    const Json* strangers = answer.find("unknown_keys");
    if (count != nullptr && count->integer() != nullptr) {
      accepted += *count->integer();
    }
    if (strangers != nullptr && strangers->integer() != nullptr) {
      unknown += *strangers->integer();
    }
  }
  if (session.common.json) {
    print_line(fmt::format(R"({{"accepted":{},"unknown_keys":{}}})", accepted, unknown));
  } else if (session.common.dry_run) {
    print_line(fmt::format("would post {} labels of {}", rows.size(), name));
  } else {
    print_line(fmt::format("{} labels accepted, {} of them for keys that were not scored yet",
                           accepted, unknown));
  }
  return kDone;
}

Result<int> log(const Session& session, const LogOptions& options) {
  BASCULE_TRY(const auto name, named(options.model));
  std::string query = fmt::format("?limit={}", options.limit);
  if (!options.key.empty()) {
    query += "&key=" + url_path(options.key);
  }
  if (!options.since.empty()) {
    query += "&since=" + url_path(options.since);
  }
  BASCULE_TRY(const auto answer, session.client.send("GET", model_path(name, "/log" + query)));
  if (session.common.json) {
    return print_line(answer.body), kDone;
  }
  BASCULE_TRY(const auto body, parse_json(answer.body));
  Table table({"AT", "KEY", "VERSION", "SCORE", "ACTION", "SHADOW", "LABEL"});
  for (const Json& entry : list_of(body, "scores")) {
    std::string shadows;
    for (const Json& shadow : list_of(entry, "shadows")) {
      const std::string value = text_of(shadow, "score");
      shadows += fmt::format("{}{}={}", shadows.empty() ? "" : " ", text_of(shadow, "version"),
                             value.empty() ? text_of(shadow, "status") : value);
    }
    const Json* label = entry.find("label");
    table.add({short_time(text_of(entry, "at")), text_of(entry, "key"), text_of(entry, "version"),
               text_of(entry, "score"), text_of(entry, "action"), shadows,
               label == nullptr ? "" : text_of(*label, "value")});
  }
  table.print();
  return kDone;
}

}  // namespace bascule::cli
