// An operator: one node of a plan, run over a block of rows.
//
// An operator is loaded once, then prepared where it is needed and only read; all scoring threads
// share it. Whatever can be wrong with a package is found by `load`. After that a call cannot fail,
// but a row can: a row that Python would refuse is marked in `refused` and skipped by the operators
// downstream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "engine/row_errors.h"
#include "engine/view.h"

namespace bascule {
class OpSpec;   // engine/op_spec.h
class Scratch;  // engine/scratch.h

struct CodeTable;    // engine/parts.h
struct FiniteCheck;  // engine/elementwise.h
struct Part;         // engine/parts.h

// One step of a chain of per-cell operators that the planner fuses: out = f(in, operand[column]).
enum class Elementwise : std::uint8_t {
  kSubtract,
  kAdd,
  kMultiply,
  kDivide,
  kFillMissing,
  kAtLeast,  // x < operand ? operand : x, NaN stays
  kAtMost,
  kCheck,  // out = in; refuses rows
};
struct ElementwiseStep {
  Elementwise what = Elementwise::kAdd;
  std::span<const double> operand;  // [width], borrowed from the package; none for kCheck
  std::shared_ptr<const FiniteCheck> check = nullptr;  // for kCheck
};

// One step of a chain over the stored cells of a sparse block: arithmetic, or each row divided by
// its norm, unless that is 0.
enum class RowNorm : std::uint8_t { kL1, kL2, kMax };
using StoredStep = std::variant<ElementwiseStep, RowNorm>;

class Op {
 public:
  virtual ~Op() = default;

  // Runs the node over `rows` rows, at most limits::kBlockRows. Does not lock or throw, and
  // allocates only through `scratch`.
  //   in   one view per input: dense f64, f32, i64 or bool [rows, width], CSR, strings or tokens,
  //        each with validity; NaN where a float is missing
  //   out  one view per output, of the type and width that `load` declared; rows that are
  //        not refused are written in full
  // `in` and `out` do not overlap. Scratch belongs to the calling thread.
  virtual void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
                   RowErrors& refused, Scratch& scratch) const noexcept = 0;

  // Builds what only makes `run` faster. Called when it is known that an output which needs this
  // operator will be asked for; any threads may be inside of it and of `run`, which gives the same
  // bits before, meanwhile and after. Does not lock.
  virtual void prepare() {}

  // The steps of a per-cell operator on one dense float64 input, for the planner to fuse with its
  // neighbours; empty when the operator is not one.
  virtual std::span<const ElementwiseStep> elementwise() const noexcept { return {}; }

  // The same of an operator on one sparse block that keeps the columns of its cells.
  virtual std::span<const StoredStep> stored() const noexcept { return {}; }
  // What an operator on one column of codes gives for each code; null when it is not one.
  virtual std::shared_ptr<const CodeTable> table() const { return nullptr; }
  // What an operator on one column of texts puts for a missing one, when that is all it does.
  virtual std::optional<std::string_view> filling() const noexcept { return std::nullopt; }
  // The inputs of an operator that only puts them side by side; empty when it is not one. Operators
  // with a table, a filling or parts refuse no row: the planner may move them to where they are
  // read.
  virtual std::span<const Part> parts() const noexcept { return {}; }
  // From now on does `steps` to its one sparse block before its own work; false when it cannot.
  // The planner asks once, before anything runs.
  virtual bool start_with(std::span<const StoredStep> /*steps*/) { return false; }
  // The same for `steps` to each cell of its one dense float64 input.
  virtual bool start_with(std::span<const ElementwiseStep> /*steps*/) { return false; }
  // From now on takes missing texts of its one column for `filling`.
  virtual bool start_with(std::string_view /*filling*/) { return false; }
  // From now on has `table` for its own: other codes, the same cells.
  virtual bool start_with(std::shared_ptr<const CodeTable> /*table*/) { return false; }
  // From now on reads `parts`, one input each, instead of its inputs, in which they stand side by
  // side. The planner asks last of all.
  virtual bool start_with(std::span<const Part> /*parts*/) { return false; }
  // From now on does `steps`, one after the other, to each cell of its one dense float64 output;
  // false when it cannot. The planner asks before anything runs, perhaps more than once.
  virtual bool end_with(std::span<const ElementwiseStep> /*steps*/) { return false; }
};

// How the engine finds an operator by the name a package gives it.
struct OpDef {
  std::string_view name;  // as written in the package, e.g. "divide"
  std::uint32_t version;  // raised when the meaning of attributes or tensors changes
  Result<std::unique_ptr<Op>> (*load)(OpSpec& spec);
};

// Every operator of this build; generated from ops/*.cc.
std::span<const OpDef* const> op_table() noexcept;

}  // namespace bascule
