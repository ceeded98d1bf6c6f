#include "package/testing.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "package/writer.h"

namespace bascule {
namespace {

using Numbers = std::vector<double>;

Json text(std::string value) {
  return Json(std::move(value));
}
Json whole(std::size_t value) {
  return Json(static_cast<std::int64_t>(value));
}
Json texts(const std::vector<std::string>& values) {
  Json::Array out;
  for (const auto& value : values) {
    out.push_back(text(value));
  }
  return Json(std::move(out));
}

TinyLogistic filled_in(TinyLogistic options) {
  const std::size_t width = options.columns.size();
  const auto fill = [&](Numbers& list, double value) {
    if (list.empty()) {
      list.assign(width, value);
    }
    BASCULE_ASSERT(list.size() == width);
  };
  fill(options.mean, 0);
  fill(options.scale, 1);
  fill(options.weights, 1);
  BASCULE_ASSERT(width > 0 && options.golden_rows > 0);
  return options;
}

double decision(const TinyLogistic& options, const Numbers& row) {
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double scaled = (row[i] - options.mean[i]) / options.scale[i];
    sum += scaled * options.weights[i];
  }
  return sum + options.bias;
}

double probability(double decision) {
  return 1 / (1 + std::exp(-decision));
}

// Rows on both sides of the boundary; the last is refused for its infinity.
std::vector<Numbers> golden_rows(const TinyLogistic& options) {
  std::vector<Numbers> rows(options.golden_rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < options.columns.size(); ++j) {
      const double step = static_cast<double>((i * 7 + j * 3) % 11) - 5;
      rows[i].push_back(options.mean[j] + step * options.scale[j] / 2);
    }
  }
  rows.back().front() = std::numeric_limits<double>::infinity();
  return rows;
}

Json node(const char* op, const std::vector<std::string>& in, const char* out,
          Json::Object attrs = {}, Json::Object tensors = {}) {
  return Json(Json::Object{{"attrs", Json(std::move(attrs))},
                           {"in", texts(in)},
                           {"op", text(op)},
                           {"out", texts({out})},
                           {"step", text("pipeline -> " + std::string(op))},
                           {"tensors", Json(std::move(tensors))},
                           {"version", whole(1)}});
}

Json graph_of(const TinyLogistic& options) {
  std::vector<std::string> columns;
  Json::Array positions;
  for (const auto& column : options.columns) {
    positions.push_back(whole(columns.size()));
    columns.push_back("column:" + column);
  }
  const auto tensor = [](const char* role, const char* name) {
    return Json::Object{{role, text(name)}};
  };
  return Json(Json::Array{
      node("concat", columns, "x"),
      node("check_finite", {"x"}, "checked", {{"columns", Json(std::move(positions))}}),
      node("subtract", {"checked"}, "centred", {}, tensor("by", "mean")),
      node("divide", {"centred"}, "scaled", {}, tensor("by", "scale")),
      node("linear", {"scaled"}, "decision", {},
           {{"bias", text("bias")}, {"weights", text("weights")}}),
      node("sigmoid", {"decision"}, "p"),
      node("with_complement", {"p"}, "proba"),
      node("greater", {"decision"}, "class", {{"than", whole(0)}}),
  });
}

Json inputs_of(const TinyLogistic& options) {
  Json::Array inputs;
  for (std::size_t i = 0; i < options.columns.size(); ++i) {
    const double reach = 3 * options.scale[i];
    Json::Array range{Json(options.mean[i] - reach), Json(options.mean[i] + reach)};
    inputs.emplace_back(Json::Object{{"missing_rate", whole(0)},
                                     {"name", text(options.columns[i])},
                                     {"nullable", Json(false)},
                                     {"optional", Json(false)},
                                     {"range", Json(std::move(range))},
                                     {"type", text("number")}});
  }
  return Json(std::move(inputs));
}

Json output(const char* name, const char* from, const char* type, std::size_t width,
            bool by_default) {
  Json::Object bound{{"anywhere", whole(0)}, {"here", whole(0)}};
  return Json(Json::Object{{"bound", Json(std::move(bound))},
                           {"default", Json(by_default)},
                           {"from", text(from)},
                           {"labels", Json(Json::Array{whole(0), whole(1)})},
                           {"name", text(name)},
                           {"type", text(type)},
                           {"width", whole(width)}});
}

Json provenance_of(const TinyLogistic& options) {
  return Json(Json::Object{{"data_fingerprint", text("")},
                           {"libraries", Json(Json::Object{})},
                           {"metrics", Json(Json::Object{})},
                           {"notes", text(options.notes)},
                           {"parameters", Json(Json::Object{})}});
}

Json::Object manifest_of(const TinyLogistic& options) {
  Json::Object format{{"major", whole(1)}, {"minor", whole(0)}};
  Json::Object golden{{"rows", whole(options.golden_rows)}, {"source", text("synthesised")}};
  Json::Object score{
      {"column", whole(1)}, {"output", text("predict_proba")}, {"positive", whole(1)}};
  Json::Object manifest{
      {"format", Json(std::move(format))},
      {"golden", Json(std::move(golden))},
      {"graph", graph_of(options)},
      {"inputs", inputs_of(options)},
      {"kind", text("yes/no")},
      {"numerics", Json(Json::Object{})},
      {"outputs", Json(Json::Array{output("predict_proba", "proba", "number", 2, true),
                                   output("predict", "class", "label", 1, false)})},
      {"provenance", provenance_of(options)},
      {"score", Json(std::move(score))}};
  if (!options.model.empty()) {
    manifest.emplace_back("model", text(options.model));
  }
  return manifest;
}

void add_golden_tensors(const TinyLogistic& options, std::vector<TensorData>& tensors) {
  const auto rows = golden_rows(options);
  std::vector<Numbers> columns(options.columns.size());
  Numbers probabilities;
  std::vector<std::int64_t> classes;
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j) {
      columns[j].push_back(row[j]);
    }
    const double sum = decision(options, row);
    const double p = probability(sum);
    probabilities.insert(probabilities.end(), {1 - p, p});
    classes.push_back(sum > 0 ? 1 : 0);
  }
  for (std::size_t j = 0; j < columns.size(); ++j) {
    tensors.push_back(f64_tensor(fmt::format("golden.in.{}", j), {rows.size()}, columns[j]));
  }
  std::vector<std::uint8_t> refused(rows.size(), 0);
  refused.back() = 1;
  tensors.push_back(u8_tensor("golden.refused", refused));
  tensors.push_back(f64_tensor("golden.out.0", {rows.size(), 2}, probabilities));
  tensors.push_back(i64_tensor("golden.out.1", {rows.size()}, classes));
}

}  // namespace

std::vector<std::byte> tiny_logistic_package(const TinyLogistic& options) {
  const TinyLogistic tiny = filled_in(options);
  const std::size_t width = tiny.columns.size();
  std::vector<TensorData> tensors{f64_tensor("mean", {width}, tiny.mean),
                                  f64_tensor("scale", {width}, tiny.scale),
                                  f64_tensor("weights", {1, width}, tiny.weights),
                                  f64_tensor("bias", {1}, std::vector{tiny.bias})};
  add_golden_tensors(tiny, tensors);
  return write_package(manifest_of(tiny), tensors);
}

double tiny_logistic_score(const TinyLogistic& options, const std::vector<double>& row) {
  return probability(decision(filled_in(options), row));
}

}  // namespace bascule
