#include "engine/plan.h"

#include <cstring>
#include <new>

#include "base/assert.h"
#include "base/limits.h"
#include "engine/input_check.h"

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

Scratch Plan::make_scratch() const {
  Scratch scratch;
  const auto alignment = std::align_val_t{64};
  scratch.dense_.reset(static_cast<std::byte*>(::operator new(dense_bytes_, alignment)));
  scratch.ragged_.resize(ragged_count_);
  scratch.views_.resize(values_.size());
  scratch.in_.resize(in_count_);
  scratch.out_.resize(out_count_);
  scratch.results_.resize(output_values_.size());

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
  }
  return scratch;
}

std::span<const View> Plan::run(std::size_t rows, std::span<const View> inputs, OutputMask wanted,
                                RowErrors& refused, Scratch& scratch) const noexcept {
  BASCULE_ASSERT(rows >= 1 && rows <= limits::kBlockRows);
  BASCULE_ASSERT(inputs.size() == input_types_.size());
  BASCULE_ASSERT(scratch.views_.size() == values_.size());
  refused.reset(rows);
  scratch.begin_block();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    BASCULE_ASSERT(inputs[i].type() == input_types_[i]);
    set_view(i, inputs[i], scratch);
    check_input(inputs[i], manifest().inputs[i].nullable, rows, static_cast<std::int32_t>(i),
                refused);
  }
  for (const Step& step : steps_) {
    if ((step.needed_by & wanted) != 0) {
      run_step(step, rows, refused, scratch);
    }
  }
  for (std::size_t i = 0; i < output_values_.size(); ++i) {
    const bool given = (wanted >> i & 1) != 0;
    scratch.results_[i] = given ? scratch.views_[output_values_[i]] : View();
  }
  scratch.end_block();  // outputs are dense: none stands in what it may free
  return scratch.results_;
}

inline void Plan::set_view(std::size_t value, const View& view, Scratch& scratch) const noexcept {
  scratch.views_[value].point_to(view);
  for (const auto at : values_[value].read_at) {
    scratch.in_[at].point_to(view);
  }
}

// Most arguments stand where `make_scratch` put them; inputs move from call to call, and a ragged
// value may have moved while it grew.
void Plan::run_step(const Step& step, std::size_t rows, RowErrors& refused,
                    Scratch& scratch) const noexcept {
  const auto in = std::span(scratch.in_).subspan(step.first_in, step.in.size());
  const auto out = std::span(scratch.out_).subspan(step.first_out, step.out.size());
  for (std::size_t i = 0; step.has_validity && i < out.size(); ++i) {
    set_all_valid(out[i], rows);
  }
  step.op->run(rows, in, out, refused, scratch);
  for (std::size_t i = 0; step.has_ragged && i < out.size(); ++i) {
    const ValueType& type = values_[step.out[i]].type;
    if (type.kind == ValueKind::kTokens) {
      set_view(step.out[i], out[i].ragged().tokens_view(), scratch);
    } else if (type.kind == ValueKind::kCsr) {
      set_view(step.out[i], out[i].ragged().csr_view(type.width), scratch);
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
