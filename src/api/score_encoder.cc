#include "api/score_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "api/error_json.h"
#include "api/oip_binary.h"
#include "api/oip_types.h"
#include "base/json_writer.h"
#include "base/limits.h"
#include "package/json.h"
#include "registry/reference.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

constexpr std::size_t kShownRows = 8;  // by their message, in one error

// The first problem as "error", and all of them where there are several.
void write_problems(JsonWriter& json, std::span<const RowProblem> problems) {
  json.key("error");
  write_row_problem(json, problems.front());
  if (problems.size() > 1) {
    json.key("errors").array([&] {
      for (const RowProblem& problem : problems) {
        write_row_problem(json, problem);
      }
    });
  }
}

void write_row_members(JsonWriter& json, const Manifest& manifest, const RowBatch& batch,
                       const Answer& answer, OutputMask wanted, std::size_t row) {
  const std::string& id = batch.envelope(row).id;
  if (!id.empty()) {
    json.key("id").string(id);
  }
  json.key("event_id").string(answer.event_ids[row]);
  if (batch.bad(row) != nullptr) {
    write_problems(json, batch.problems(row));
    return;
  }
  if (!answer.scored.score.empty()) {
    json.key("score").number(answer.scored.score[row]);
  }
  if (!answer.action(row).empty()) {
    json.key("action").string(answer.action(row));
  }
  json.key("outputs");
  write_outputs(json, manifest, answer.scored, wanted, row);
}

// The first row's problem, as the sentence of a request that has no good row.
void write_all_bad(JsonWriter& json, const RowBatch& batch) {
  const RowProblem& first = *batch.bad(0);
  const std::string message = batch.rows() == 1 ? first.message
                                                : fmt::format("all {} rows are bad; the first: {}",
                                                              batch.rows(), first.message);
  const std::string_view code = code_name(Code::kUnprocessable);
  json.key("error").string(message);
  json.key("code").string(code);
  write_rfc9457_members(json, http_status(Code::kUnprocessable), code, message);
}

// A label of a type that the output's datatype has no form for is written as text.
void write_oip_label(JsonWriter& json, const Label& label, OipType type) {
  if (type != OipType::kBytes || label.string() != nullptr) {
    return write_label(json, label);
  }
  std::string text;
  JsonWriter as_text(text);
  write_label(as_text, label);
  json.string(text);
}

void write_oip_data(JsonWriter& json, const Output& output, const ScoredOutput& scored,
                    std::size_t cells) {
  const OipType type = oip_type_of(output);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    if (output.type == OutputType::kNumber) {
      json.number(scored.numbers[cell]);
    } else if (output.type == OutputType::kLabel && !output.labels.empty()) {
      write_oip_label(json, output.labels[static_cast<std::size_t>(scored.integers[cell])], type);
    } else {
      json.integer(scored.integers[cell]);
    }
  }
}

// An output but for its data: `{"name":"predict","datatype":"INT64","shape":[1]`.
void write_oip_output_head(std::string& out, const Output& output, std::size_t rows) {
  out += R"({"name":)";
  append_json_string(out, output.name);
  out += R"(,"datatype":")";
  out += oip_type_name(oip_type_of(output));
  out += R"(","shape":)";
  JsonWriter json(out);
  json.array([&] {
    json.integer(static_cast<std::int64_t>(rows));
    if (output.width > 1) {
      json.integer(static_cast<std::int64_t>(output.width));
    }
  });
}

// A field of RFC 4180. A text that a spreadsheet would take for a formula is what it is: the reader
// of a score is a program.
void append_csv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    out += c;
    if (c == '"') {
      out += c;
    }
  }
  out += '"';
}

std::string number_text(double number) {
  std::string out;
  JsonWriter(out).number(number);
  return out == "null" ? std::string() : out;
}

// One of the `width` values of an output, as a CSV field has it.
std::string cell_text(const Manifest& manifest, const ScoredOutput& scored, std::size_t row,
                      std::size_t i) {
  const Output& output = manifest.outputs[scored.index];
  const std::size_t cell = row * output.width + i;
  if (output.type == OutputType::kNumber) {
    return number_text(scored.numbers[cell]);
  }
  const auto position = static_cast<std::size_t>(scored.integers[cell]);
  if (output.type == OutputType::kInteger || position >= output.labels.size()) {
    return std::to_string(scored.integers[cell]);
  }
  const Label& label = output.labels[position];
  if (const auto* text = label.string()) {
    return *text;
  }
  std::string out;
  JsonWriter json(out);
  write_label(json, label);
  return out;
}

// The values of a row, output by output.
template <typename Each>
void for_each_cell(const Scored& scored, OutputMask wanted, Each&& each) {
  for (const ScoredOutput& output : scored.outputs) {
    for (std::size_t i = 0; (wanted >> output.index & 1) != 0 && i < output.width; ++i) {
      each(output, i);
    }
  }
}

}  // namespace

void encode_rows(HttpResponse& response, const LiveSet& set, const RowBatch& batch,
                 const Answer& answer, OutputMask wanted, bool single) {
  const bool all_bad = batch.bad_count() == batch.rows();
  const LiveVersion& live = *answer.tag->live;
  const Manifest& manifest = live.plan->manifest();
  response.status = all_bad ? http_status(Code::kUnprocessable) : 200;
  JsonWriter json(response.body);
  json.begin_object();
  if (all_bad) {
    response.content_type = kProblemType;
    write_all_bad(json, batch);
  }
  json.key("name").string(set.model);
  json.key("version").string(version_text(live.version));
  json.key("digest").string(live.digest);
  json.key("tag").string(answer.tag->tag);
  if (single && !all_bad) {
    write_row_members(json, manifest, batch, answer, wanted, 0);
  } else {
    json.key("rows").array([&] {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        json.object([&] { write_row_members(json, manifest, batch, answer, wanted, row); });
      }
    });
  }
  json.end_object();
}

void encode_rows_csv(HttpResponse& response, const RowBatch& batch, const Answer& answer,
                     OutputMask wanted) {
  const Manifest& manifest = answer.tag->live->plan->manifest();
  const bool scores = !answer.scored.score.empty();
  response.content_type = "text/csv; charset=utf-8";
  std::string& out = response.body;
  out += scores ? "event_id,score" : "event_id";
  for_each_cell(answer.scored, wanted, [&](const ScoredOutput& scored, std::size_t i) {
    const Output& output = manifest.outputs[scored.index];
    out += ',';
    append_csv(out, output.width == 1 ? output.name : fmt::format("{}.{}", output.name, i));
  });
  out += ",error\r\n";
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const RowProblem* bad = batch.bad(row);
    out += answer.event_ids[row];
    if (scores) {
      out += ',';
      append_csv(out, bad != nullptr ? std::string() : number_text(answer.scored.score[row]));
    }
    for_each_cell(answer.scored, wanted, [&](const ScoredOutput& scored, std::size_t i) {
      out += ',';
      if (bad == nullptr) {
        append_csv(out, cell_text(manifest, scored, row, i));
      }
    });
    out += ',';
    append_csv(out, bad != nullptr ? bad->message : std::string());
    out += "\r\n";
  }
}

void encode_predictions(HttpResponse& response, const RowBatch& batch, const Answer& answer,
                        OutputMask wanted, bool csv) {
  const Manifest& manifest = answer.tag->live->plan->manifest();
  if (csv) {
    response.content_type = "text/csv; charset=utf-8";
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::string_view comma;
      for_each_cell(answer.scored, wanted, [&](const ScoredOutput& scored, std::size_t i) {
        response.body += std::exchange(comma, ",");
        append_csv(response.body, cell_text(manifest, scored, row, i));
      });
      response.body += '\n';
    }
    return;
  }
  JsonWriter json(response.body);
  json.object([&] {
    json.key("predictions").array([&] {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (std::popcount(wanted) != 1) {
          write_outputs(json, manifest, answer.scored, wanted, row);
          continue;
        }
        const auto index = static_cast<std::size_t>(std::countr_zero(wanted));
        const auto scored = std::ranges::find(answer.scored.outputs, index, &ScoredOutput::index);
        write_output(json, manifest.outputs[index], *scored, row);
      }
    });
  });
}

Error bad_rows_error(const RowBatch& batch) {
  std::string message =
      fmt::format("{} of {} rows cannot be scored: ", batch.bad_count(), batch.rows());
  std::size_t shown = 0;
  std::vector<RowProblem> problems;
  for (std::size_t row = 0; row < batch.rows() && problems.size() < limits::kRequestProblems;
       ++row) {
    const auto of_row = batch.problems(row);
    problems.insert(problems.end(), of_row.begin(), of_row.end());
    if (!of_row.empty() && shown < kShownRows) {
      message += fmt::format("{}row {}: {}", shown == 0 ? "" : "; ", row, of_row[0].message);
      ++shown;
    }
  }
  if (batch.bad_count() > shown) {
    message += fmt::format("; and {} more", batch.bad_count() - shown);
  }
  return {Code::kInvalid, std::move(message), std::move(problems)};
}

Result<std::vector<std::size_t>> oip_outputs(const Plan& plan, std::span<const std::string> names) {
  const auto& outputs = plan.manifest().outputs;
  std::vector<std::size_t> order;
  order.reserve(outputs.size());
  if (names.empty()) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if ((plan.default_outputs() >> i & 1) != 0) {
        order.push_back(i);
      }
    }
    return order;
  }
  BASCULE_CHECK_OK(plan.outputs(names));
  for (const auto& name : names) {
    order.push_back(static_cast<std::size_t>(plan.manifest().find_output(name) - outputs.data()));
  }
  return order;
}

OutputMask mask_of(std::span<const std::size_t> outputs) noexcept {
  OutputMask mask = 0;
  for (const std::size_t output : outputs) {
    mask |= OutputMask{1} << output;
  }
  return mask;
}

void encode_oip(HttpResponse& response, const LiveSet& set, std::size_t rows, const Answer& answer,
                const OipAnswer& asked) {
  const LiveVersion& live = *answer.tag->live;
  std::string bytes;
  std::string& out = response.body;
  out += R"({"model_name":)";
  append_json_string(out, set.model);
  out += R"(,"model_version":")";
  JsonWriter(out).integer(live.version);
  out += '"';
  if (asked.id) {
    out += R"(,"id":)";
    append_json_string(out, *asked.id);
  }
  out += R"(,"parameters":{"digest":)";
  append_json_string(out, live.digest);
  out += R"(},"outputs":[)";
  for (std::size_t i = 0; i < asked.outputs.size(); ++i) {
    const Output& output = live.plan->manifest().outputs[asked.outputs[i]];
    const auto scored =
        std::ranges::find(answer.scored.outputs, asked.outputs[i], &ScoredOutput::index);
    const std::size_t cells = rows * output.width;
    out += i == 0 ? "" : ",";
    write_oip_output_head(out, output, rows);
    if (asked.is_binary(i)) {
      const std::size_t before = bytes.size();
      append_binary(bytes, output, *scored, cells);
      out += R"(,"parameters":{"binary_data_size":)";
      JsonWriter(out).integer(static_cast<std::int64_t>(bytes.size() - before));
      out += "}}";
    } else {
      out += R"(,"data":[)";
      JsonWriter json(out);
      write_oip_data(json, output, *scored, cells);
      out += "]}";
    }
  }
  out += "]}";
  if (std::ranges::find(asked.binary, true) != asked.binary.end()) {
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Inference-Header-Content-Length",
                                  std::to_string(response.body.size()));
    response.body += bytes;
  }
}

}  // namespace bascule
