// For tests: one operator on a few cells, and small graphs, both through the real reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/plan.h"
#include "engine/row_errors.h"
#include "engine/view.h"
#include "package/json.h"
#include "package/writer.h"

namespace bascule::testing {

// A value with its memory: an argument or an answer of an operator. One of the vectors is used.
struct Cells {
  ValueType type;
  std::size_t rows = 0;
  std::vector<double> f64;  // dense, or the stored cells of CSR
  std::vector<float> f32;
  std::vector<std::int64_t> i64;
  std::vector<std::uint8_t> boolean;
  std::vector<std::string> strings;    // one per row, or all tokens
  std::vector<std::uint8_t> valid;     // empty: everything is
  std::vector<std::uint32_t> starts;   // [rows + 1] of tokens and CSR
  std::vector<std::uint32_t> columns;  // of CSR

  std::vector<std::string_view> string_views;  // of `strings`, made by `view`
  View view();                                 // lives as long as the cells stay
};

Cells numbers(std::vector<double> column);
Cells matrix(std::size_t width, std::vector<double> cells);
Cells floats32(std::vector<float> column);
Cells integers(std::vector<std::optional<std::int64_t>> column);
Cells booleans(std::vector<std::optional<bool>> column);
Cells texts(std::vector<std::optional<std::string>> column);
Cells tokens(std::vector<std::vector<std::string>> rows);
using SparseRow = std::vector<std::pair<std::uint32_t, double>>;
Cells sparse(std::size_t width, const std::vector<SparseRow>& rows);

// Attributes and tensors (named by their roles) of the node under test.
struct NodeSpec {
  Json::Object attrs;
  std::vector<TensorData> tensors;
  std::uint32_t version = 1;
};
TensorData vector_tensor(std::string role, const std::vector<double>& values);
TensorData matrix_tensor(std::string role, std::size_t columns, const std::vector<double>& values);
TensorData integer_tensor(std::string role, const std::vector<std::int64_t>& values);
TensorData float32_tensor(std::string role, std::vector<std::uint64_t> shape,
                          const std::vector<float>& values);
// The two tensors of a list of strings.
std::vector<TensorData> string_tensors(const std::string& role,
                                       const std::vector<std::string>& values);

struct NodeRun {
  Cells out;
  RowErrors refused;
};
// Runs the one node; an operator that does not load ends the test program with its sentence.
NodeRun run_node(std::string_view op, NodeSpec spec, std::vector<Cells> inputs);
// Why the operator refuses to load on inputs of these types; empty when it does load.
std::string load_error(std::string_view op, NodeSpec spec, std::vector<ValueType> inputs);

// A graph under construction: `load` packs it, opens it and plans it.
class TestGraph {
 public:
  TestGraph& column(std::string name, std::string type, bool nullable = false);
  TestGraph& node(std::string op, std::vector<std::string> in, std::string out, NodeSpec spec = {});
  TestGraph& output(std::string name, std::string from, std::size_t width = 1);
  // A label, with the labels 0 to `labels` - 1.
  TestGraph& label(std::string name, std::string from, std::size_t labels);
  TestGraph& integer(std::string name, std::string from);
  // Tensors "golden.*" and how many rows they have.
  TestGraph& golden(std::size_t rows, std::vector<TensorData> tensors);

  std::vector<std::byte> package() const;
  Result<std::shared_ptr<const Plan>> load() const;

 private:
  TestGraph& add_output(std::string name, std::string from, std::string type, std::size_t width,
                        Json::Array labels);

  Json::Array inputs_;
  Json::Array nodes_;
  Json::Array outputs_;
  std::vector<TensorData> tensors_;
  std::size_t golden_rows_ = 0;
};

}  // namespace bascule::testing
