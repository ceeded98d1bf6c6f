// The manifest: what a package says about its model. Plain data, validated when it is read.
//
// The package library checks everything that can be checked without knowing an operator: names,
// types, references between columns, nodes and outputs, tensors that exist. What an operator's
// attributes and tensors must look like is the engine's to check. docs/package-format.md is the
// contract of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "package/json.h"

namespace bascule {

enum class Kind : std::uint8_t {
  kYesNo,
  kClasses,
  kNumber,
  kRanking,
  kAnomaly,
  kTransformation,
};
// "yes/no", "classes", "number", "ranking", "anomaly", "transformation"
std::string_view kind_name(Kind kind) noexcept;
std::optional<Kind> parse_kind(std::string_view name) noexcept;

enum class ColumnKind : std::uint8_t {
  kNumber,    // "number": float64; missing is NaN
  kNumber32,  // "number32": float32; missing is NaN
  kInteger,   // "integer": int64
  kBoolean,   // "boolean"
  kString,    // "string": UTF-8
  kDatetime,  // "datetime": microseconds since 1970, naive or UTC
  kMatrix,    // "number[k]": k float64 in one column
  kSparse,    // "sparse[k]"
  kTokens,    // "tokens": a list of strings
  kDict,      // "dict": name to number or string
};

struct ColumnType {
  ColumnKind kind = ColumnKind::kNumber;
  std::size_t width = 1;  // k of number[k] and sparse[k]
  bool operator==(const ColumnType&) const = default;
};
std::string column_type_name(ColumnType type);  // "number", "number[30]"
Result<ColumnType> parse_column_type(std::string_view name);

// One input column.
struct InputColumn {
  std::string name;
  ColumnType type;
  bool nullable = false;  // null is allowed: Python scored that column missing when `pack` tried it
  bool optional = false;  // may be absent; then it is null in every row
  Json details;           // the whole entry: categories, range, missing rate ... for people
};

// A class label as Python had it: a string, an integer, a boolean or a number.
using Label = Json;

struct OutputBound {
  double here = 0;      // largest |engine - Python| on the machine that packed, over golden rows
  double anywhere = 0;  // on any machine
};

enum class OutputType : std::uint8_t {
  kNumber,   // "number": float64 [rows, width]
  kLabel,    // "label": int64 [rows], a position in `labels`
  kInteger,  // "integer": int64 [rows, width]
};

struct Output {
  std::string name;  // "predict", "predict_proba", ...
  std::string from;  // the value of the graph
  OutputType type = OutputType::kNumber;
  std::size_t width = 1;
  std::vector<Label>
      labels;               // of the columns (predict_proba) or the positions (label); may be empty
  bool by_default = false;  // given when the caller names no outputs
  OutputBound bound;
};

// Which number is the score that shadow and reports compare.
struct Score {
  std::string output;             // empty: this kind has no score
  std::size_t column = 0;         // of that output
  std::optional<Label> positive;  // for yes/no: the label that `column` is the probability of
};

// One node of the graph. Values are named: "column:<name>" is an input, all others are a node's.
struct GraphNode {
  std::string op;
  std::uint32_t version = 1;
  std::vector<std::string> in;
  std::vector<std::string> out;
  Json::Object attrs;
  std::vector<std::pair<std::string, std::string>> tensors;  // role -> tensor name
  std::string step;  // the path of the Python step, "prep -> num -> scale"; for messages
};

struct Golden {
  std::size_t rows = 0;
  std::string source;  // "synthesised" or "sample"
};

struct Manifest {
  std::uint32_t format_major = 1;
  std::uint32_t format_minor = 0;
  std::string fingerprint;  // "sha256:..." as written; the reader recomputes and compares it
  std::string model;        // the name it must be pushed under; empty: any
  Kind kind = Kind::kYesNo;
  Score score;
  std::vector<InputColumn> inputs;
  std::vector<Output> outputs;
  std::vector<GraphNode> graph;
  Golden golden;
  Json numerics;
  Json provenance;

  const Output* find_output(std::string_view name) const noexcept;
  // The position of an input column.
  std::optional<std::size_t> find_input(std::string_view name) const noexcept;
};

// Reads the manifest from its JSON text, which must be canonical.
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace bascule
