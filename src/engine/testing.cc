#include "engine/testing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule::testing {
namespace {
Json text(std::string value) {
  return Json(std::move(value));
}

Json whole(std::size_t value) {
  return Json(static_cast<std::int64_t>(value));
}

Json text_list(const std::vector<std::string>& values) {
  Json::Array list;
  for (const auto& value : values) {
    list.push_back(text(value));
  }
  return Json(std::move(list));
}

// The column type that a plan reads as this value.
std::string column_type_of(ValueType type) {
  switch (type.kind) {
    case ValueKind::kF64:
      return type.width == 1 ? "number" : fmt::format("number[{}]", type.width);
    case ValueKind::kF32:
      return "number32";
    case ValueKind::kI64:
      return "integer";
    case ValueKind::kBool:
      return "boolean";
    case ValueKind::kStrings:
      return "string";
    case ValueKind::kTokens:
      return "tokens";
    case ValueKind::kCsr:
      return fmt::format("sparse[{}]", type.width);
  }
  return "number";
}

template <typename T, typename Value>
Cells with_validity(ValueKind kind, std::vector<Value> Cells::* member,
                    const std::vector<std::optional<T>>& column) {
  Cells cells{.type = {kind, 1}, .rows = column.size()};
  for (const auto& cell : column) {
    (cells.*member).push_back(static_cast<Value>(cell.value_or(T{})));
    cells.valid.push_back(cell.has_value() ? 1 : 0);
  }
  return cells;
}

TensorData tensor_of(std::string role, DType dtype, std::vector<std::uint64_t> shape,
                     std::span<const std::byte> bytes) {
  return {std::move(role), dtype, std::move(shape), {bytes.begin(), bytes.end()}};
}

// A loaded operator with the package that it borrows from.
struct LoadedOp {
  std::shared_ptr<const Package> package;
  std::unique_ptr<Op> op;
  ValueType output;
};

Result<LoadedOp> load_op(std::string_view op, NodeSpec spec, std::vector<ValueType> types) {
  TestGraph graph;
  std::vector<std::string> in;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto name = fmt::format("in{}", i);
    graph.column(name, column_type_of(types[i]), true);
    in.push_back("column:" + name);
  }
  graph.node(std::string(op), in, "out", std::move(spec)).output("out", "out");
  LoadedOp loaded;
  BASCULE_TRY(loaded.package, Package::open(graph.package()));
  const auto table = op_table();
  const auto def = std::ranges::find(table, op, &OpDef::name);
  BASCULE_ASSERT(def != table.end());
  SharedParts shared;
  OpSpec op_spec(*loaded.package, loaded.package->manifest().graph[0], types, types.size(), shared);
  BASCULE_TRY(loaded.op, (*def)->load(op_spec));
  BASCULE_CHECK_OK(op_spec.all_used());
  loaded.op->prepare();
  BASCULE_ASSERT(op_spec.outputs().size() == 1);
  loaded.output = op_spec.outputs()[0];
  return loaded;
}

// Memory for an operator's answer.
struct Target {
  explicit Target(ValueType type, std::size_t rows) {
    cells.type = type;
    cells.rows = rows;
    const std::size_t count = rows * type.width;
    if (type.kind == ValueKind::kF64) {
      cells.f64.resize(count);
    } else if (type.kind == ValueKind::kI64) {
      cells.i64.resize(count);
      cells.valid.assign(count, 1);
    } else if (type.kind == ValueKind::kStrings) {
      cells.string_views.resize(count);
      cells.valid.assign(count, 1);
    }
  }

  MutableView view() {
    switch (cells.type.kind) {
      case ValueKind::kF64:
        return {cells.type, cells.f64.data(), nullptr, nullptr};
      case ValueKind::kI64:
        return {cells.type, cells.i64.data(), cells.valid.data(), nullptr};
      case ValueKind::kStrings:
        return {cells.type, cells.string_views.data(), cells.valid.data(), nullptr};
      case ValueKind::kTokens:
      case ValueKind::kCsr:
      case ValueKind::kF32:
      case ValueKind::kBool:
        break;
    }
    return {cells.type, nullptr, nullptr, &ragged};
  }

  // Copies what lives in the scratch of the run.
  void finish() {
    if (cells.type.kind == ValueKind::kStrings) {
      cells.strings.assign(cells.string_views.begin(), cells.string_views.end());
    } else if (cells.type.kind == ValueKind::kTokens) {
      const View view = ragged.tokens_view();
      cells.starts.assign(view.starts(), view.starts() + cells.rows + 1);
      cells.strings.assign(view.tokens(), view.tokens() + cells.starts.back());
    } else if (cells.type.kind == ValueKind::kCsr) {
      const View view = ragged.csr_view(cells.type.width);
      cells.starts.assign(view.starts(), view.starts() + cells.rows + 1);
      cells.columns.assign(view.csr_columns(), view.csr_columns() + cells.starts.back());
      cells.f64.assign(view.csr_values(), view.csr_values() + cells.starts.back());
    }
  }

  Cells cells;
  Ragged ragged;
};
}  // namespace

View Cells::view() {
  string_views.assign(strings.begin(), strings.end());
  const auto* validity = valid.empty() ? nullptr : valid.data();
  switch (type.kind) {
    case ValueKind::kF64:
      return {type, f64.data()};
    case ValueKind::kF32:
      return {type, f32.data()};
    case ValueKind::kI64:
      return {type, i64.data(), validity};
    case ValueKind::kBool:
      return {type, boolean.data(), validity};
    case ValueKind::kStrings:
      return {type, string_views.data(), validity};
    case ValueKind::kTokens:
      return {type, string_views.data(), starts.data(), nullptr};
    case ValueKind::kCsr:
      return {type, f64.data(), starts.data(), columns.data()};
  }
  return {};
}

Cells numbers(std::vector<double> column) {
  return matrix(1, std::move(column));
}

Cells matrix(std::size_t width, std::vector<double> cells) {
  Cells out{.type = {ValueKind::kF64, width}, .rows = cells.size() / width};
  out.f64 = std::move(cells);
  return out;
}

Cells floats32(std::vector<float> column) {
  Cells out{.type = {ValueKind::kF32, 1}, .rows = column.size()};
  out.f32 = std::move(column);
  return out;
}

Cells integers(std::vector<std::optional<std::int64_t>> column) {
  return with_validity(ValueKind::kI64, &Cells::i64, column);
}

Cells booleans(std::vector<std::optional<bool>> column) {
  return with_validity(ValueKind::kBool, &Cells::boolean, column);
}

Cells texts(std::vector<std::optional<std::string>> column) {
  return with_validity(ValueKind::kStrings, &Cells::strings, column);
}

Cells tokens(std::vector<std::vector<std::string>> rows) {
  Cells out{.type = {ValueKind::kTokens, 1}, .rows = rows.size()};
  out.starts.push_back(0);
  for (auto& row : rows) {
    std::ranges::move(row, std::back_inserter(out.strings));
    out.starts.push_back(static_cast<std::uint32_t>(out.strings.size()));
  }
  return out;
}

Cells sparse(std::size_t width, const std::vector<SparseRow>& rows) {
  Cells out{.type = {ValueKind::kCsr, width}, .rows = rows.size()};
  out.starts.push_back(0);
  for (const auto& row : rows) {
    for (const auto& [column, value] : row) {
      out.columns.push_back(column);
      out.f64.push_back(value);
    }
    out.starts.push_back(static_cast<std::uint32_t>(out.f64.size()));
  }
  return out;
}

TensorData vector_tensor(std::string role, const std::vector<double>& values) {
  return f64_tensor(std::move(role), {values.size()}, values);
}

TensorData matrix_tensor(std::string role, std::size_t columns, const std::vector<double>& values) {
  return f64_tensor(std::move(role), {values.size() / columns, columns}, values);
}

TensorData integer_tensor(std::string role, const std::vector<std::int64_t>& values) {
  return i64_tensor(std::move(role), {values.size()}, values);
}

TensorData float32_tensor(std::string role, std::vector<std::uint64_t> shape,
                          const std::vector<float>& values) {
  return tensor_of(std::move(role), DType::kF32, std::move(shape),
                   std::as_bytes(std::span(values)));
}

std::vector<TensorData> string_tensors(const std::string& role,
                                       const std::vector<std::string>& values) {
  std::vector<TensorData> tensors;
  add_string_tensors(tensors, role, values);
  return tensors;
}

NodeRun run_node(std::string_view op, NodeSpec spec, std::vector<Cells> inputs) {
  std::vector<ValueType> types;
  std::vector<View> views;
  for (auto& input : inputs) {
    types.push_back(input.type);
    views.push_back(input.view());
  }
  const auto loaded = load_op(op, std::move(spec), types);
  if (!loaded) {
    assert_failed(loaded.error().message.c_str(), __FILE__, __LINE__);
  }
  const std::size_t rows = inputs.front().rows;
  Target target(loaded->output, rows);
  MutableView out = target.view();
  NodeRun run;
  run.refused.reset(rows);
  Scratch scratch;
  loaded->op->run(rows, views, std::span(&out, 1), run.refused, scratch);
  target.finish();
  run.out = std::move(target.cells);
  return run;
}

std::string load_error(std::string_view op, NodeSpec spec, std::vector<ValueType> inputs) {
  const auto loaded = load_op(op, std::move(spec), std::move(inputs));
  return loaded ? std::string() : loaded.error().message;
}

TestGraph& TestGraph::column(std::string name, std::string type, bool nullable) {
  inputs_.emplace_back(Json::Object{{"name", text(std::move(name))},
                                    {"nullable", Json(nullable)},
                                    {"optional", Json(false)},
                                    {"type", text(std::move(type))}});
  return *this;
}

TestGraph& TestGraph::node(std::string op, std::vector<std::string> in, std::string out,
                           NodeSpec spec) {
  Json::Object roles;
  for (auto& tensor : spec.tensors) {
    auto name = fmt::format("n{}.{}", nodes_.size(), tensor.name);
    roles.emplace_back(tensor.name, text(name));
    tensor.name = std::move(name);
    tensors_.push_back(std::move(tensor));
  }
  nodes_.emplace_back(Json::Object{{"attrs", Json(std::move(spec.attrs))},
                                   {"in", text_list(in)},
                                   {"op", text(op)},
                                   {"out", text_list({std::move(out)})},
                                   {"step", text("test -> " + op)},
                                   {"tensors", Json(std::move(roles))},
                                   {"version", whole(spec.version)}});
  return *this;
}

TestGraph& TestGraph::output(std::string name, std::string from, std::size_t width) {
  return add_output(std::move(name), std::move(from), "number", width, {});
}

TestGraph& TestGraph::label(std::string name, std::string from, std::size_t labels) {
  Json::Array list;
  for (std::size_t i = 0; i < labels; ++i) {
    list.push_back(whole(i));
  }
  return add_output(std::move(name), std::move(from), "label", 1, std::move(list));
}

TestGraph& TestGraph::integer(std::string name, std::string from) {
  return add_output(std::move(name), std::move(from), "integer", 1, {});
}

TestGraph& TestGraph::add_output(std::string name, std::string from, std::string type,
                                 std::size_t width, Json::Array labels) {
  Json::Object entry{{"bound", Json(Json::Object{{"anywhere", whole(0)}, {"here", whole(0)}})},
                     {"default", Json(true)},
                     {"from", text(std::move(from))},
                     {"name", text(std::move(name))},
                     {"type", text(std::move(type))},
                     {"width", whole(width)}};
  if (!labels.empty()) {
    entry.emplace_back("labels", Json(std::move(labels)));
  }
  outputs_.emplace_back(std::move(entry));
  return *this;
}

TestGraph& TestGraph::golden(std::size_t rows, std::vector<TensorData> tensors) {
  golden_rows_ = rows;
  std::ranges::move(tensors, std::back_inserter(tensors_));
  return *this;
}

std::vector<std::byte> TestGraph::package() const {
  Json::Object provenance{{"data_fingerprint", text("")},
                          {"libraries", Json(Json::Object{})},
                          {"metrics", Json(Json::Object{})},
                          {"notes", text("")},
                          {"parameters", Json(Json::Object{})}};
  Json::Object manifest{{"format", Json(Json::Object{{"major", whole(1)}, {"minor", whole(0)}})},
                        {"golden", Json(Json::Object{{"rows", whole(golden_rows_)},
                                                     {"source", text("synthesised")}})},
                        {"graph", Json(nodes_)},
                        {"inputs", Json(inputs_)},
                        {"kind", text("transformation")},
                        {"numerics", Json(Json::Object{})},
                        {"outputs", Json(outputs_)},
                        {"provenance", Json(std::move(provenance))}};
  return write_package(std::move(manifest), tensors_);
}

Result<std::shared_ptr<const Plan>> TestGraph::load() const {
  BASCULE_TRY(auto opened, Package::open(package()));
  return Plan::load(std::move(opened));
}

}  // namespace bascule::testing
