#include "api/score_encoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/oip_types.h"
#include "base/json_writer.h"
#include "package/json.h"
#include "registry/reference.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

void write_error_members(JsonWriter& json, const BadRow& bad) {
  json.key("error").object([&] {
    json.key("code").string(bad.code);
    if (!bad.column.empty()) {
      json.key("column").string(bad.column);
    }
    json.key("message").string(bad.message);
  });
}

void write_row_members(JsonWriter& json, const Manifest& manifest, const RowBatch& batch,
                       const Answer& answer, OutputMask wanted, std::size_t row) {
  const std::string& id = batch.envelope(row).id;
  if (!id.empty()) {
    json.key("id").string(id);
  }
  json.key("event_id").string(answer.event_ids[row]);
  if (const BadRow* bad = batch.bad(row)) {
    write_error_members(json, *bad);
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
  const BadRow& first = *batch.bad(0);
  json.key("error").string(batch.rows() == 1 ? first.message
                                             : fmt::format("all {} rows are bad; the first: {}",
                                                           batch.rows(), first.message));
  json.key("code").string(code_name(Code::kUnprocessable));
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

Result<std::vector<std::size_t>> oip_outputs(const Plan& plan, std::span<const std::string> names) {
  const auto& outputs = plan.manifest().outputs;
  std::vector<std::size_t> order;
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
                std::span<const std::size_t> outputs, const std::optional<std::string>& id) {
  const LiveVersion& live = *answer.tag->live;
  JsonWriter json(response.body);
  json.begin_object();
  json.key("model_name").string(set.model);
  json.key("model_version").string(std::to_string(live.version));
  if (id) {
    json.key("id").string(*id);
  }
  json.key("parameters").object([&] { json.key("digest").string(live.digest); });
  json.key("outputs").array([&] {
    for (const std::size_t index : outputs) {
      const Output& output = live.plan->manifest().outputs[index];
      const auto scored = std::ranges::find(answer.scored.outputs, index, &ScoredOutput::index);
      json.object([&] {
        json.key("name").string(output.name);
        json.key("datatype").string(oip_type_name(oip_type_of(output)));
        json.key("shape").array([&] {
          json.integer(static_cast<std::int64_t>(rows));
          if (output.width > 1) {
            json.integer(static_cast<std::int64_t>(output.width));
          }
        });
        json.key("data").array([&] { write_oip_data(json, output, *scored, rows * output.width); });
      });
    }
  });
  json.end_object();
}

}  // namespace bascule
