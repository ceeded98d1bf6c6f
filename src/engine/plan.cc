#include "engine/plan.h"

#include <cstring>
#include <new>

#include "base/assert.h"
#include "base/limits.h"
#include "engine/input_check.h"
#include "engine/kernels/cell_kernels.h"

namespace bascule {
namespace {
void set_all_valid(const MutableView& target, std::size_t rows) noexcept {
  const std::size_t cells = rows * target.width();
  if (target.valid() != nullptr && cells == 1) {
    *target.valid() = 1;
  } else if (target.valid() != nullptr) {
    std::memset(target.valid(), 1, cells);
  }
}
}  // namespace

Plan::Plan() : cells_(cell_kernels(best_cpu_level())) {}

Result<OutputMask> Plan::outputs(std::span<const std::string> names) const {
  OutputMask mask = 0;
  for (const auto& name : names) {
    const auto* output = manifest().find_output(name);
    if (output == nullptr) {
      std::string known;
      for (const auto& each : manifest().outputs) {
        known += fmt::format("{}'{}'", known.empty() ? "" : ", ", each.name);
      }
      return fail(Code::kInvalid, "output '{}' is unknown; the model gives {}", name, known);
    }
    mask |= OutputMask{1} << (output - manifest().outputs.data());
  }
  prepare(mask);
  return mask;
}

void Plan::prepare(OutputMask wanted) const {
  if ((wanted & ~prepared_.load(std::memory_order_acquire)) == 0) {
    return;
  }
  for (const Step& step : steps_) {
    if ((step.needed_by & wanted) != 0) {
      step.op->prepare();
    }
  }
  prepared_.fetch_or(wanted, std::memory_order_release);
}

// Whatever does not change from call to call is laid out here: arguments that stand in the dense
// memory, and which views are to see an input.
Scratch Plan::make_scratch() const {
  Scratch scratch;
  const auto alignment = std::align_val_t{64};
  scratch.plan_ = this;
  scratch.dense_.reset(static_cast<std::byte*>(::operator new(dense_bytes_, alignment)));
  scratch.ragged_.resize(ragged_count_);
  scratch.views_.resize(values_.size());
  scratch.in_.resize(in_count_);
  scratch.out_.resize(out_count_);
  scratch.results_.resize(output_values_.size());
  scratch.calls_.reserve(steps_.size());

  std::vector<MutableView> targets(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Value& value = values_[i];
    std::byte* dense = nullptr;
    std::uint8_t* valid = nullptr;
    Ragged* ragged = nullptr;
    if (value.dense_at != Value::kNowhere) {
      dense = scratch.dense_.get() + value.dense_at;
    }
    if (value.valid_at != Value::kNowhere) {
      valid = reinterpret_cast<std::uint8_t*>(scratch.dense_.get() + value.valid_at);
    }
    if (value.ragged_at != Value::kNowhere) {
      ragged = &scratch.ragged_[value.ragged_at];
    }
    scratch.views_[i] = View(value.type, dense, valid);
    for (const auto at : value.read_at) {
      scratch.in_[at] = scratch.views_[i];
    }
    targets[i] = MutableView(value.type, dense, valid, ragged);
  }
  for (const Step& step : steps_) {
    for (std::size_t i = 0; i < step.out.size(); ++i) {
      scratch.out_[step.first_out + i] = targets[step.out[i]];
    }
    for (std::size_t i = 0; i < step.in.size() && !only_inputs(step); ++i) {
      if (step.in[i] < input_types_.size()) {
        scratch.input_readers_.push_back({step.in[i], &scratch.in_[step.first_in + i]});
      }
    }
  }
  return scratch;
}

bool Plan::only_inputs(const Step& step) const noexcept {
  for (std::size_t i = 0; i < step.in.size(); ++i) {
    if (step.in[i] != step.in[0] + i || step.in[i] >= input_types_.size()) {
      return false;
    }
  }
  return !step.in.empty();
}

std::span<const View> Plan::run(std::size_t rows, std::span<const View> inputs, OutputMask wanted,
                                RowErrors& refused, Scratch& scratch) const noexcept {
  BASCULE_ASSERT(rows >= 1 && rows <= limits::kBlockRows);
  BASCULE_ASSERT(inputs.size() == input_types_.size());
  BASCULE_ASSERT(scratch.plan_ == this);
  if (wanted != scratch.wanted_) {
    want(wanted, scratch);
  }
  refused.reset(rows);
  scratch.begin_block();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    BASCULE_ASSERT(inputs[i].type() == input_types_[i]);
    check_input(inputs[i], nullable_[i] != 0, rows, static_cast<std::int32_t>(i), cells_, refused);
  }
  for (const auto& reader : scratch.input_readers_) {
    reader.view->point_to(inputs[reader.input]);
  }
  for (const auto& call : scratch.calls_) {
    for (std::size_t i = 0; call.has_validity && i < call.out.size(); ++i) {
      set_all_valid(call.out[i], rows);
    }
    const auto in = call.first_input == Scratch::Call::kNoInput
                        ? call.in
                        : inputs.subspan(call.first_input, call.in.size());
    call.op->run(rows, in, call.out, refused, scratch);
    if (call.has_ragged) {
      show_ragged(steps_[call.step], scratch);
    }
  }
  for (std::size_t i = 0; scratch.gives_inputs_ && i < output_values_.size(); ++i) {
    if ((wanted >> i & 1) != 0 && output_values_[i] < inputs.size()) {
      scratch.results_[i].point_to(inputs[output_values_[i]]);
    }
  }
  scratch.end_block();  // outputs are dense: none stands in what it may free
  return scratch.results_;
}

void Plan::want(OutputMask wanted, Scratch& scratch) const noexcept {
  scratch.wanted_ = wanted;
  scratch.calls_.clear();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if ((step.needed_by & wanted) != 0) {
      scratch.calls_.push_back({
          .op = step.op.get(),
          .in = std::span(scratch.in_).subspan(step.first_in, step.in.size()),
          .out = std::span(scratch.out_).subspan(step.first_out, step.out.size()),
          .first_input = only_inputs(step) ? step.in[0] : Scratch::Call::kNoInput,
          .step = static_cast<std::uint32_t>(i),
          .has_validity = step.has_validity,
          .has_ragged = step.has_ragged,
      });
    }
  }
  scratch.gives_inputs_ = false;
  for (std::size_t i = 0; i < output_values_.size(); ++i) {
    const bool given = (wanted >> i & 1) != 0;
    scratch.results_[i] = given ? scratch.views_[output_values_[i]] : View();
    scratch.gives_inputs_ |= given && output_values_[i] < input_types_.size();
  }
}

void Plan::show_ragged(const Step& step, Scratch& scratch) const noexcept {
  for (std::size_t i = 0; i < step.out.size(); ++i) {
    const Value& value = values_[step.out[i]];
    const Ragged* ragged =
        value.ragged_at == Value::kNowhere ? nullptr : &scratch.ragged_[value.ragged_at];
    for (std::size_t k = 0; ragged != nullptr && k < value.read_at.size(); ++k) {
      scratch.in_[value.read_at[k]].point_to(value.type.kind == ValueKind::kTokens
                                                 ? ragged->tokens_view()
                                                 : ragged->csr_view(value.type.width));
    }
  }
}

std::string Plan::describe(const RowError& error) const {
  const auto& columns = manifest().inputs;
  const bool known = error.column >= 0 && std::cmp_less(error.column, columns.size());
  const std::string what =
      known ? fmt::format("column '{}'", columns[static_cast<std::size_t>(error.column)].name)
            : "a value";
  switch (error.code) {
    case RowCode::kFine:
      return "the row is fine";
    case RowCode::kMissing:
      return fmt::format("{} is missing; the model needs it", what);
    case RowCode::kInfinite:
      return fmt::format("{} is infinite; the model needs a finite number", what);
    case RowCode::kTooLarge:
      return fmt::format("{} is beyond the largest float32, which the model reads numbers as",
                         what);
    case RowCode::kOutOfRange:
      return fmt::format("{} is outside the range of numbers that the model takes", what);
    case RowCode::kUnknownCategory:
      return fmt::format("{} holds a category that the model was not fitted with", what);
    case RowCode::kNoNeighbors:
      return "no row that the model was fitted on is near enough to this one";
    case RowCode::kTooLong:
      return fmt::format("{} holds more text than a row may have, {} bytes in one column", what,
                         limits::kStringBytes);
    case RowCode::kNoMemory:
      return "there was no memory to score the row; send fewer rows at once";
  }
  return "the row is refused";
}

std::vector<std::string> Plan::steps() const {
  std::vector<std::string> names;
  names.reserve(steps_.size());
  for (const auto& step : steps_) {
    names.push_back(step.name);
  }
  return names;
}

}  // namespace bascule
