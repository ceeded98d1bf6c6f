#include "serving/score.h"

#include <algorithm>
#include <bit>

#include "base/limits.h"

namespace bascule {
namespace {

std::string column_name(const Manifest& manifest, std::int32_t column) {
  if (column < 0) {
    return {};
  }
  return manifest.inputs[static_cast<std::size_t>(column)].name;
}

std::string needed_columns(const Manifest& manifest) {
  constexpr std::size_t kShown = 12;
  std::string out;
  std::size_t shown = 0;
  for (const InputColumn& input : manifest.inputs) {
    if (input.optional) {
      continue;
    }
    if (shown == kShown) {
      return out + ", ...";
    }
    out += (shown++ == 0 ? "" : ", ") + input.name;
  }
  return out;
}

// Neither a column that is known nor one that is not.
bool sent_nothing(const RowBatch& batch, std::size_t row) noexcept {
  const auto names_column = [](const RowProblem& problem) { return !problem.column.empty(); };
  if (std::ranges::any_of(batch.problems(row), names_column)) {
    return false;
  }
  for (std::size_t column = 0; column < batch.columns().size(); ++column) {
    if (batch.state(row, column) != CellState::kAbsent) {
      return false;
    }
  }
  return true;
}

// Hands over the columns that the version needs and the row does not have; whether there is one.
bool refuse_absent(const LiveTag& tag, const RowBatch& batch, std::size_t row,
                   const Refuse& refuse) {
  const Manifest& manifest = tag.live->plan->manifest();
  bool some = false;
  for (std::size_t i = 0; i < manifest.inputs.size(); ++i) {
    const InputColumn& input = manifest.inputs[i];
    if (input.optional || batch.state(row, tag.columns[i]) != CellState::kAbsent) {
      continue;
    }
    some = true;
    if (!refuse(row, {.code = "missing",
                      .column = input.name,
                      .message = fmt::format("column '{}' is missing; the model needs {}",
                                             input.name, needed_columns(manifest))})) {
      break;
    }
  }
  return some;
}

void copy_rows(const View& from, std::size_t first, std::size_t rows, ScoredOutput& to) {
  const std::size_t cells = rows * to.width;
  const std::size_t at = first * to.width;
  if (from.kind() == ValueKind::kF64) {
    std::copy_n(from.f64(), cells, to.numbers.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    std::copy_n(from.i64(), cells, to.integers.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

Scored prepare(const Manifest& manifest, std::size_t rows, OutputMask wanted) {
  Scored out;
  out.outputs.reserve(static_cast<std::size_t>(std::popcount(wanted)));
  for (std::size_t i = 0; i < manifest.outputs.size(); ++i) {
    if ((wanted >> i & 1) == 0) {
      continue;
    }
    const Output& output = manifest.outputs[i];
    ScoredOutput scored{.index = i, .width = output.width, .numbers = {}, .integers = {}};
    if (output.type == OutputType::kNumber) {
      scored.numbers.resize(rows * output.width);
    } else {
      scored.integers.resize(rows * output.width);
    }
    out.outputs.push_back(std::move(scored));
  }
  return out;
}

}  // namespace

ScoreScratch& ScratchPool::of(const std::shared_ptr<const Plan>& plan) {
  for (Entry& entry : entries_) {
    if (entry.key == plan.get() && !entry.plan.expired()) {
      return *entry.scratch;
    }
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.plan.expired(); });
  entries_.push_back({plan, plan.get(), std::make_unique<ScoreScratch>(*plan)});
  return *entries_.back().scratch;
}

Scored score_batch(const LiveTag& tag, const RowBatch& batch, OutputMask wanted,
                   ScoreScratch& scratch, const Refuse& refuse) {
  const Plan& plan = *tag.live->plan;
  const Manifest& manifest = plan.manifest();
  std::size_t score_output = manifest.outputs.size();
  if (!manifest.score.output.empty()) {
    const Output* output = manifest.find_output(manifest.score.output);
    score_output = static_cast<std::size_t>(output - manifest.outputs.data());
    wanted |= OutputMask{1} << score_output;
  }
  Scored out = prepare(manifest, batch.rows(), wanted);

  std::vector<View>& inputs = scratch.inputs;
  if (inputs.size() != tag.columns.size()) {  // the first time: their types are the plan's
    for (const std::uint32_t column : tag.columns) {
      inputs.push_back(batch.view(column, 0));
    }
  }
  RowErrors& refused = scratch.refused;
  const bool some_absent = batch.has_absent();
  for (std::size_t first = 0; first < batch.rows(); first += limits::kBlockRows) {
    const std::size_t rows = std::min(limits::kBlockRows, batch.rows() - first);
    batch.show(tag.columns, first, inputs);
    const auto views = plan.run(rows, inputs, wanted, refused, scratch.plan);
    for (ScoredOutput& output : out.outputs) {
      copy_rows(views[output.index], first, rows, output);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t row = first + i;
      bool bad = batch.bad(row) != nullptr;
      // Of a row that is no object all columns are absent, and that was said.
      if (some_absent && !(bad && sent_nothing(batch, row))) {
        bad = refuse_absent(tag, batch, row, refuse) || bad;
      }
      if (!bad && refused.refused(i)) {
        refuse(row, {.code = std::string(row_code_name(refused[i].code)),
                     .column = column_name(manifest, refused[i].column),
                     .message = plan.describe(refused[i])});
      }
    }
  }
  for (const ScoredOutput& output : out.outputs) {
    if (output.index != score_output) {
      continue;
    }
    out.score.resize(batch.rows());
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      out.score[row] = output.numbers[row * output.width + manifest.score.column];
    }
  }
  return out;
}

}  // namespace bascule
