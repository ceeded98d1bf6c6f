// OpSpec: what a package says of one node, and the checks every operator needs.
//
// `load` of an operator asks for its inputs, attributes and tensors by name and declares its
// outputs. Each accessor checks type, shape and range, and answers with a sentence that names
// the step and the tensor. When `load` returns, the planner refuses attributes and tensors that
// the operator did not ask for, so that nothing in a package is silently ignored.
// Threads: used by the one thread that loads.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "engine/numbers.h"
#include "engine/view.h"
#include "package/package.h"

namespace bascule {

// What operators of one plan share: the first that needs it loads it, the others find it by its
// key.
using SharedParts = std::unordered_map<std::string, std::shared_ptr<const void>>;

class OpSpec {
 public:
  OpSpec(const Package& package, const GraphNode& node, std::span<const ValueType> inputs,
         std::size_t model_inputs, SharedParts& shared) noexcept
      : package_(package),
        node_(node),
        inputs_(inputs),
        model_inputs_(model_inputs),
        shared_(shared) {}

  // Inputs. How many columns the model has, for attributes that name one.
  std::span<const ValueType> inputs() const noexcept { return inputs_; }
  std::size_t model_inputs() const noexcept { return model_inputs_; }
  Status expect_inputs(std::size_t count) const;
  // Input `i`, which must be of `kind`; its width.
  Result<std::size_t> input(std::size_t i, ValueKind kind) const;
  // Input `i`, which must be of kind and width 1.
  Status single(std::size_t i, ValueKind kind) const;
  // One float64 input and one output of the same width, which is returned.
  Result<std::size_t> same_width_f64();
  // One input, float64 or CSR, and one output of the same type, which is returned.
  Result<ValueType> same_f64_or_csr();

  // Attributes. The ones with a fallback are optional.
  bool has(std::string_view name) const noexcept;
  Result<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  Result<double> number(std::string_view name);  // finite; others live in tensors
  Result<bool> boolean(std::string_view name, bool fallback);
  Result<std::string_view> text(std::string_view name);
  // A text that must be one of `choices`; its position.
  Result<std::size_t> choice(std::string_view name, std::span<const std::string_view> choices);
  // The position of a model input; -1 when absent.
  Result<std::int32_t> model_column(std::string_view name);
  // A list of positions of model inputs (-1: not one column), `count` long; empty when absent.
  Result<std::vector<std::int32_t>> model_columns(std::string_view name, std::size_t count);

  // Tensors, borrowed from the package. Roles as in the node's "tensors".
  bool has_tensor(std::string_view role) const noexcept;
  // One-dimensional float64 of exactly `count` elements.
  Result<std::span<const double>> floats(std::string_view role, std::size_t count);
  // float64 [rows, columns].
  Result<std::span<const double>> matrix(std::string_view role, std::size_t rows,
                                         std::size_t columns);
  // float64 or float32, one-dimensional; `count` elements unless it is kAny.
  static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  Result<Floats> any_floats(std::string_view role, std::size_t count = kAny);
  // float64 or float32 [rows, columns].
  Result<Floats> any_matrix(std::string_view role, std::size_t rows, std::size_t columns);
  // Any integer type, one-dimensional, widened; `count` elements unless it is kAny, every one in
  // [low, high].
  Result<std::vector<std::int64_t>> integers(std::string_view role, std::size_t count,
                                             std::int64_t low, std::int64_t high);
  // The same where they stand.
  Result<Integers> any_integers(std::string_view role, std::size_t count, std::int64_t low,
                                std::int64_t high);
  // One-dimensional numbers of any type that no score depends on (they are for reason codes):
  // checked for their count, not read.
  Status numbers(std::string_view role, std::size_t count);
  // Strings: the roles "<role>.bytes" (U8) and "<role>.offsets" (integers, one more than strings,
  // ascending from 0 to the size of bytes). Each is checked to be UTF-8.
  Result<std::vector<std::string_view>> strings(std::string_view role);

  // What other operators of the plan have loaded from the same tensors; null, and for the caller to
  // set, when this is the first. `kind` names what it is; a role that the node has not is left out.
  std::shared_ptr<const void>& shared(std::string_view kind,
                                      std::span<const std::string_view> roles);

  // Outputs, in order; the node must name as many.
  void output(ValueType type) { outputs_.push_back(type); }
  std::span<const ValueType> outputs() const noexcept { return outputs_; }

  // An error of this node: "step 'prep -> scale' (divide): ...".
  template <typename... Args>
  std::unexpected<Error> error(fmt::format_string<Args...> format, Args&&... args) const {
    return wrap(fmt::format(format, std::forward<Args>(args)...));
  }
  // Fails when the node has an attribute or a tensor that nobody asked for. The planner calls it.
  Status all_used() const;

 private:
  std::unexpected<Error> wrap(std::string message) const;
  const Json* attribute(std::string_view name);
  Result<const Tensor*> tensor(std::string_view role);
  // The tensor, which must have this shape; kAny matches any size.
  Result<const Tensor*> shaped(std::string_view role, std::span<const std::size_t> shape);

  const Package& package_;
  const GraphNode& node_;
  std::span<const ValueType> inputs_;
  std::size_t model_inputs_;
  SharedParts& shared_;
  std::vector<ValueType> outputs_;
  std::unordered_set<std::string> used_;
};

}  // namespace bascule
