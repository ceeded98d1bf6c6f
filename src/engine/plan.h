// A plan: a loaded, validated package, ready to score.
//
// Loading finds everything that can be wrong: unknown operators, wrong shapes, outputs that no
// node gives. It drops nodes that no output needs, fuses chains of per-cell operators, and gives
// every value its place in the scratch. Shared by threads; scoring takes no lock. What makes steps
// fast (layouts of kernels) is built for the outputs that are asked for: the default ones at load,
// others when `outputs` first hears their names. The engine reads no clock, opens no file, starts
// no thread, writes no log and throws nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/op.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/view.h"
#include "package/package.h"

namespace bascule {
struct CellKernels;  // engine/kernels/cells.h

class Plan {
 public:
  static Result<std::shared_ptr<const Plan>> load(std::shared_ptr<const Package> package);
  // The same, prepared for no output yet.
  static Result<std::shared_ptr<const Plan>> validate(std::shared_ptr<const Package> package);
  // The same with one step for each node that an output needs and a place for each value: for tests
  // of all that makes plans faster.
  static Result<std::shared_ptr<const Plan>> as_written(std::shared_ptr<const Package> package);

  const Package& package() const noexcept { return *package_; }
  const Manifest& manifest() const noexcept { return package_->manifest(); }

  // What `run` expects for input column `i`: "number" f64, "number32" f32, "integer" and "datetime"
  // i64, "boolean" bool, "string" strings, "tokens" tokens, "number[k]" f64 of width k, "sparse[k]"
  // CSR.
  std::span<const ValueType> input_types() const noexcept { return input_types_; }
  OutputMask default_outputs() const noexcept { return default_outputs_; }
  // The bit of each name, and prepares these outputs; kInvalid names an unknown one and lists those
  // there are.
  Result<OutputMask> outputs(std::span<const std::string> names) const;
  // Makes runs that want these outputs as fast as they can be, once; any thread may call it, and
  // others may be scoring. It never has to be: a run without it is slower and gives the same bits.
  void prepare(OutputMask wanted) const;

  // Memory for one thread that scores with this plan, and with no other.
  Scratch make_scratch() const;

  // Scores a block of 1 to limits::kBlockRows rows. One row and a block give identical bits.
  //   inputs   one view per input column, of `input_types()`, each of `rows` rows
  //   refused  is reset, then says which rows are refused
  // Returns one view per output of the manifest: f64 for numbers, i64 for labels and integers; the
  // ones not in `wanted` are empty. They live in `scratch` until its next use. A null or NaN in a
  // column that is not nullable refuses the row.
  std::span<const View> run(std::size_t rows, std::span<const View> inputs, OutputMask wanted,
                            RowErrors& refused, Scratch& scratch) const noexcept;

  // One sentence for a refused row: "column 'amount' is missing; ...".
  std::string describe(const RowError& error) const;

  // For people and tests: the operators in the order they run, fused ones joined by "+".
  std::vector<std::string> steps() const;

 private:
  class Builder;  // engine/plan_builder.cc

  // One value of the graph: an input column, or what a step gives. Dense ones, and the validity of
  // those that have it, stand in Scratch::dense_; two that are never alive together share a place.
  struct Value {
    static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
    ValueType type;
    std::size_t dense_at = kNowhere;     // bytes
    std::size_t valid_at = kNowhere;     // bytes; only for i64, bool and strings
    std::size_t ragged_at = kNowhere;    // index into Scratch::ragged_; only for tokens and CSR
    std::vector<std::uint32_t> read_at;  // indices into Scratch::in_
  };
  struct Step {
    std::unique_ptr<Op> op;
    std::string name;
    std::vector<std::uint32_t> in;
    std::vector<std::uint32_t> out;
    OutputMask needed_by = 0;
    std::size_t first_in = 0;  // index into Scratch::in_
    std::size_t first_out = 0;
    bool has_validity = false;  // one of `out` has
    bool has_ragged = false;    // one of `out` is tokens or CSR
  };

  Plan();
  // Whether its arguments are input columns, side by side and in their order.
  bool only_inputs(const Step& step) const noexcept;
  // Makes the next runs want these outputs.
  void want(OutputMask wanted, Scratch& scratch) const noexcept;
  // What later operators see of the ragged values that a step gave: they move while they grow.
  void show_ragged(const Step& step, Scratch& scratch) const noexcept;

  std::shared_ptr<const Package> package_;
  const CellKernels& cells_;
  std::vector<ValueType> input_types_;
  std::vector<std::uint8_t> nullable_;  // input columns: 0 or 1
  std::vector<Value> values_;           // the input columns first
  std::vector<Step> steps_;
  std::vector<std::uint32_t> output_values_;
  OutputMask default_outputs_ = 0;
  std::size_t dense_bytes_ = 0;
  std::size_t ragged_count_ = 0;
  std::size_t in_count_ = 0;  // of all steps
  std::size_t out_count_ = 0;
  mutable std::atomic<OutputMask> prepared_ = 0;
};

// Replays the golden rows in blocks; an error says which row and output differ and by how much.
// `here` is true on a machine whose numerics are the packing one's: the tighter bound applies then.
Status self_test(const Plan& plan, bool here);

}  // namespace bascule
