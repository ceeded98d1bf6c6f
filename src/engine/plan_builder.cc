// Loading a plan: operators are resolved, types inferred node by node, outputs checked; then what
// no output needs is dropped, neighbours are fused, and every value gets its place.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/checked.h"
#include "base/limits.h"
#include "engine/elementwise.h"
#include "engine/fold.h"
#include "engine/op_spec.h"
#include "engine/parts.h"
#include "engine/plan.h"
#include "engine/stored.h"

namespace bascule {
namespace {
constexpr std::uint64_t kAlignment = 64;

Result<ValueType> input_type(const InputColumn& column) {
  switch (column.type.kind) {
    case ColumnKind::kNumber:
      return ValueType{ValueKind::kF64, 1};
    case ColumnKind::kNumber32:
      return ValueType{ValueKind::kF32, 1};
    case ColumnKind::kInteger:
    case ColumnKind::kDatetime:
      return ValueType{ValueKind::kI64, 1};
    case ColumnKind::kBoolean:
      return ValueType{ValueKind::kBool, 1};
    case ColumnKind::kString:
      return ValueType{ValueKind::kStrings, 1};
    case ColumnKind::kTokens:
      return ValueType{ValueKind::kTokens, 1};
    case ColumnKind::kMatrix:
      return ValueType{ValueKind::kF64, column.type.width};
    case ColumnKind::kSparse:
      return ValueType{ValueKind::kCsr, column.type.width};
    case ColumnKind::kDict:
      break;
  }
  return fail(Code::kUnsupported,
              "column '{}' is {}, which this build cannot score; use a newer version of Bascule",
              column.name, column_type_name(column.type));
}

bool is_ragged(ValueKind kind) noexcept {
  return kind == ValueKind::kTokens || kind == ValueKind::kCsr;
}

bool has_validity(ValueKind kind) noexcept {
  return kind == ValueKind::kI64 || kind == ValueKind::kBool || kind == ValueKind::kStrings;
}

// The operator of that name and version; an error says what this build knows instead.
Result<const OpDef*> find_operator(const GraphNode& node) {
  std::string versions;
  for (const OpDef* def : op_table()) {
    if (def->name != node.op) {
      continue;
    }
    if (def->version == node.version) {
      return def;
    }
    versions += fmt::format("{}{}", versions.empty() ? "" : ", ", def->version);
  }
  if (!versions.empty()) {
    return fail(Code::kUnsupported,
                "step '{}': operator '{}' version {} is unknown to this build, which knows "
                "version {}; use a newer version of Bascule",
                node.step, node.op, node.version, versions);
  }
  std::string names;
  for (const OpDef* def : op_table()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", def->name);
  }
  return fail(Code::kUnsupported,
              "step '{}': operator '{}' is unknown to this build, which knows {}; use a newer "
              "version of Bascule",
              node.step, node.op, names);
}

Status check_width(const OpSpec& spec, ValueType type) {
  const bool sparse = type.kind == ValueKind::kCsr;
  const std::size_t most = sparse ? limits::kWidth : limits::kDenseWidth;
  if (type.width >= 1 && type.width <= most) {
    return {};
  }
  return spec.error("gives {} columns, expected 1 to {}", type.width, most);
}
}  // namespace

class Plan::Builder {
 public:
  Builder(std::shared_ptr<const Package> package, bool optimised)
      : plan_(new Plan()), manifest_(package->manifest()), optimised_(optimised) {
    plan_->package_ = std::move(package);
  }

  Result<std::shared_ptr<const Plan>> build() {
    BASCULE_CHECK_OK(add_inputs());
    for (const auto& node : manifest_.graph) {
      BASCULE_CHECK_OK(add_node(node));
    }
    for (const auto& output : manifest_.outputs) {
      BASCULE_CHECK_OK(add_output(output));
    }
    drop_unneeded();
    if (optimised_) {
      fuse_neighbours();
      fold_codes();
      fuse_givers();
    }
    BASCULE_CHECK_OK(place_values());
    return std::shared_ptr<const Plan>(std::move(plan_));
  }

 private:
  using Index = std::uint32_t;

  Index add_value(ValueType type) {
    plan_->values_.emplace_back().type = type;
    return static_cast<Index>(plan_->values_.size() - 1);
  }

  Status add_inputs() {
    for (const auto& column : manifest_.inputs) {
      BASCULE_TRY(const auto type, input_type(column));
      if (type.kind != ValueKind::kCsr && type.width > limits::kDenseWidth) {
        return fail(Code::kTooLarge, "column '{}' is {}, expected at most {} numbers", column.name,
                    column_type_name(column.type), limits::kDenseWidth);
      }
      plan_->input_types_.push_back(type);
      plan_->nullable_.push_back(column.nullable ? 1 : 0);
      names_.emplace("column:" + column.name, add_value(type));
    }
    return {};
  }

  Status add_node(const GraphNode& node) {
    BASCULE_TRY(const auto* def, find_operator(node));
    Step step;
    step.name = node.op;
    std::vector<ValueType> types;
    for (const auto& name : node.in) {
      const auto found = names_.find(name);
      if (found == names_.end()) {
        return fail(Code::kInvalid, "step '{}' ({}): no earlier step gives its input '{}'",
                    node.step, node.op, name);
      }
      step.in.push_back(found->second);
      types.push_back(plan_->values_[found->second].type);
    }
    OpSpec spec(*plan_->package_, node, types, manifest_.inputs.size(), shared_);
    BASCULE_TRY(step.op, def->load(spec));
    BASCULE_CHECK_OK(spec.all_used());
    if (spec.outputs().size() != node.out.size()) {
      return spec.error("names {} outputs, but the operator gives {}", node.out.size(),
                        spec.outputs().size());
    }
    for (std::size_t i = 0; i < node.out.size(); ++i) {
      BASCULE_CHECK_OK(check_width(spec, spec.outputs()[i]));
      step.out.push_back(add_value(spec.outputs()[i]));
      if (!names_.emplace(node.out[i], step.out.back()).second) {
        return spec.error("gives '{}', which stands already", node.out[i]);
      }
    }
    plan_->steps_.push_back(std::move(step));
    return {};
  }

  Status add_output(const Output& output) {
    const auto found = names_.find(output.from);
    if (found == names_.end()) {
      return fail(Code::kInvalid, "output '{}': no step gives '{}'", output.name, output.from);
    }
    const ValueType type = plan_->values_[found->second].type;
    const bool number = output.type == OutputType::kNumber;
    const ValueKind kind = number ? ValueKind::kF64 : ValueKind::kI64;
    if (type.kind != kind || type.width != output.width) {
      return fail(Code::kInvalid, "output '{}': the graph gives {}, expected {}", output.name,
                  value_type_name(type), value_type_name(ValueType{kind, output.width}));
    }
    BASCULE_CHECK_OK(check_labels(output, type));
    if (output.by_default) {
      plan_->default_outputs_ |= OutputMask{1} << plan_->output_values_.size();
    }
    plan_->output_values_.push_back(found->second);
    return {};
  }

  static Status check_labels(const Output& output, ValueType type) {
    const auto count = output.labels.size();
    if (output.type != OutputType::kLabel) {
      if (count == 0 || count == output.width) {
        return {};
      }
      return fail(Code::kInvalid, "output '{}' has {} labels for {} columns", output.name, count,
                  output.width);
    }
    if (type.low >= 0 && std::cmp_less(type.high, count)) {
      return {};
    }
    return fail(Code::kInvalid,
                "output '{}' has {} labels, but the graph gives positions from {} to {}",
                output.name, count, type.low, type.high);
  }

  // Each step learns which outputs need it; one that none needs goes.
  void drop_unneeded() {
    std::vector<OutputMask> needed(plan_->values_.size(), 0);
    for (std::size_t i = 0; i < plan_->output_values_.size(); ++i) {
      needed[plan_->output_values_[i]] |= OutputMask{1} << i;
    }
    auto& steps = plan_->steps_;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      for (const Index value : step->out) {
        step->needed_by |= needed[value];
      }
      for (const Index value : step->in) {
        needed[value] |= step->needed_by;
      }
    }
    std::erase_if(steps, [](const Step& step) { return step.needed_by == 0; });
  }

  // A chain of per-cell operators, dense or sparse, each the only reader of the one before, becomes
  // one step, and so does a chain with the operator behind it or before it that takes its steps. It
  // stands at the place of its first; only neighbours join, as a check that ran before another step
  // would tell of its refusal first.
  void fuse_neighbours() {
    const auto readers = count_readers();
    std::vector<Step> fused;
    for (auto& step : plan_->steps_) {
      const bool follows = !fused.empty() && fused.back().out.size() == 1 && step.in.size() == 1 &&
                           step.in[0] == fused.back().out[0] && readers[step.in[0]] == 1;
      if (follows && join(fused.back(), step)) {
        fused.back().name += "+" + step.name;
        fused.back().out = std::move(step.out);
      } else {
        fused.push_back(std::move(step));
      }
    }
    plan_->steps_ = std::move(fused);
  }

  // Gives `first` an operator that does what both do; false when there is none.
  static bool join(Step& first, Step& second) {
    const auto cells = first.op->elementwise();
    const auto stored = first.op->stored();
    if (!cells.empty() && !second.op->elementwise().empty()) {
      first.op = fuse(*first.op, *second.op);
      return true;
    }
    if (!stored.empty() && !second.op->stored().empty()) {
      first.op = fuse_stored(*first.op, *second.op);
      return true;
    }
    if ((!cells.empty() && second.op->start_with(cells)) ||
        (!stored.empty() && second.op->start_with(stored))) {
      first.op = std::move(second.op);
      return true;
    }
    return !second.op->elementwise().empty() && first.op->end_with(second.op->elementwise());
  }

  // How many steps and outputs read each value.
  std::vector<std::size_t> count_readers() const {
    std::vector<std::size_t> readers(plan_->values_.size(), 0);
    for (const auto& step : plan_->steps_) {
      for (const Index value : step.in) {
        ++readers[value];
      }
    }
    for (const Index value : plan_->output_values_) {
      ++readers[value];
    }
    return readers;
  }

  // What stands between codes and the table in which they are looked up is done now, to each code.
  void fold_codes() {
    const auto readers = count_readers();
    std::vector<Step*> givers(plan_->values_.size(), nullptr);  // of values that one step reads
    for (Step& step : plan_->steps_) {
      if (const auto table = step.op->table()) {
        fold(step, *table, givers);
      }
      if (step.out.size() == 1 && readers[step.out[0]] == 1) {
        givers[step.out[0]] = &step;
      }
    }
    std::erase_if(plan_->steps_, [](const Step& step) { return step.op == nullptr; });
  }

  void fold(Step& reader, const CodeTable& table, const std::vector<Step*>& givers) const {
    const auto type = [&](Index value) { return plan_->values_[value].type; };
    std::vector<Step*> chain;  // the last step first
    std::size_t folds = 0;     // of them
    for (Step* step = givers[reader.in[0]]; step != nullptr && step->in.size() == 1;
         step = givers[step->in[0]]) {
      const ValueType in = type(step->in[0]);
      if ((in.kind != ValueKind::kF64 && in.kind != ValueKind::kI64) || in.width != 1) {
        break;
      }
      chain.push_back(step);
      folds = are_few_codes(in) ? chain.size() : folds;
    }
    if (folds == 0) {
      return;
    }
    chain.resize(folds);
    std::ranges::reverse(chain);
    std::vector<const Op*> ops;
    std::vector<ValueType> types = {type(chain.front()->in[0])};
    std::string names;
    for (const Step* step : chain) {
      ops.push_back(step->op.get());
      types.push_back(type(step->out[0]));
      names += step->name + "+";
    }
    auto made = folded(table, ops, types);
    if (made == nullptr || !reader.op->start_with(std::move(made))) {
      return;
    }
    reader.in = chain.front()->in;
    reader.name = names + reader.name;
    for (Step* step : chain) {
      step->op = nullptr;
    }
  }

  // A step whose value one other step reads, and which refuses no row, goes to where it is read if
  // its reader can do its work: parts that are put side by side, cells that are looked up by codes,
  // texts that stand for missing ones.
  void fuse_givers() {
    const auto readers = count_readers();
    std::vector<Step*> givers(plan_->values_.size(), nullptr);  // of values that one step reads
    for (Step& step : plan_->steps_) {
      if (step.op->parts().empty()) {
        take_giver(step, givers);
      } else {
        take_in(step, givers);
      }
      if (step.out.size() == 1 && readers[step.out[0]] == 1) {
        givers[step.out[0]] = &step;
      }
    }
    std::erase_if(plan_->steps_, [](const Step& step) { return step.op == nullptr; });
  }

  // What a step puts side by side, one part for each of its inputs; none when it does something
  // else.
  static std::vector<Part> parts_of(const Step* step) {
    if (step == nullptr) {
      return {};
    }
    if (auto table = step->op->table()) {
      return {Part{ValueType{ValueKind::kI64}, std::move(table)}};
    }
    const auto parts = step->op->parts();
    return {parts.begin(), parts.end()};
  }

  static void take_in(Step& whole, const std::vector<Step*>& givers) {
    std::vector<Part> parts;
    std::vector<Index> in;
    std::string names;
    for (std::size_t i = 0; i < whole.in.size(); ++i) {
      Step* giver = givers[whole.in[i]];
      const auto given = parts_of(giver);
      if (given.empty()) {
        parts.push_back(whole.op->parts()[i]);
        in.push_back(whole.in[i]);
        continue;
      }
      parts.insert(parts.end(), given.begin(), given.end());
      in.insert(in.end(), giver->in.begin(), giver->in.end());
      if (!names.ends_with(giver->name + "+")) {
        names += giver->name + "+";
      }
      giver->op = nullptr;
    }
    if (!names.empty()) {
      whole.op->start_with(parts);
      whole.in = std::move(in);
      whole.name = names + whole.name;
    }
  }

  static void take_giver(Step& reader, const std::vector<Step*>& givers) {
    Step* giver = reader.in.size() == 1 ? givers[reader.in[0]] : nullptr;
    if (giver == nullptr || !starts_with(*reader.op, *giver)) {
      return;
    }
    reader.in = std::move(giver->in);
    reader.name = giver->name + "+" + reader.name;
    giver->op = nullptr;
  }

  static bool starts_with(Op& reader, const Step& giver) {
    if (const auto filling = giver.op->filling()) {
      return reader.start_with(*filling);
    }
    const auto parts = parts_of(&giver);
    return !parts.empty() && reader.start_with(parts);
  }

  // Walks the steps in order, and hands the place of a value whose last reader has run to the next
  // value that fits. Outputs of the manifest keep theirs to the end.
  Status place_values() {
    std::vector<std::size_t> last_reader(plan_->values_.size(), 0);
    for (std::size_t i = 0; i < plan_->steps_.size(); ++i) {
      for (const Index value : plan_->steps_[i].in) {
        last_reader[value] = i;
      }
    }
    for (const Index value : plan_->output_values_) {
      last_reader[value] = plan_->steps_.size();
    }
    for (std::size_t i = 0; i < plan_->steps_.size(); ++i) {
      Step& step = plan_->steps_[i];
      place_arguments(step);
      for (const Index value : step.out) {
        const ValueKind kind = plan_->values_[value].type.kind;
        step.has_validity = step.has_validity || has_validity(kind);
        step.has_ragged = step.has_ragged || is_ragged(kind);
        BASCULE_CHECK_OK(place(plan_->values_[value]));
      }
      for (const Index value : step.in) {
        if (!optimised_ || last_reader[value] != i) {
          continue;
        }
        release(plan_->values_[value]);
        last_reader[value] = plan_->steps_.size();  // once, though a step may read it twice
      }
    }
    return {};
  }

  void place_arguments(Step& step) {
    step.first_in = plan_->in_count_;
    step.first_out = plan_->out_count_;
    for (const Index value : step.in) {
      plan_->values_[value].read_at.push_back(static_cast<Index>(plan_->in_count_++));
    }
    plan_->out_count_ += step.out.size();
  }

  Status place(Value& value) {
    if (is_ragged(value.type.kind)) {
      value.ragged_at = plan_->ragged_count_++;
      return {};
    }
    const std::uint64_t cells = value.type.width * limits::kBlockRows;  // width <= kDenseWidth
    const std::uint64_t bytes = cells * cell_bytes(value.type.kind);
    value.dense_at = take(bytes);
    if (has_validity(value.type.kind)) {
      value.valid_at = take(cells);
    }
    if (plan_->dense_bytes_ <= limits::kDenseScratchBytes) {
      return {};
    }
    return fail(Code::kTooLarge,
                "the model's values take more than {} bytes for a block of {} rows; export it with "
                "fewer dense columns",
                limits::kDenseScratchBytes, limits::kBlockRows);
  }

  struct Place {
    std::size_t at;
    std::size_t bytes;
  };

  // kBlockRows is a multiple of the alignment, and so is every size.
  static_assert(limits::kBlockRows % kAlignment == 0);
  std::size_t take(std::size_t bytes) {
    auto best = free_.end();
    for (auto place = free_.begin(); place != free_.end(); ++place) {
      if (place->bytes >= bytes && (best == free_.end() || place->bytes < best->bytes)) {
        best = place;
      }
    }
    if (best == free_.end()) {
      return std::exchange(plan_->dense_bytes_, plan_->dense_bytes_ + bytes);
    }
    const std::size_t at = best->at;
    best->at += bytes;
    best->bytes -= bytes;
    if (best->bytes == 0) {
      free_.erase(best);
    }
    return at;
  }

  void release(const Value& value) {
    const std::size_t cells = value.type.width * limits::kBlockRows;
    if (value.dense_at != Value::kNowhere) {
      free_.push_back(Place{value.dense_at, cells * cell_bytes(value.type.kind)});
    }
    if (value.valid_at != Value::kNowhere) {
      free_.push_back(Place{value.valid_at, cells});
    }
  }

  std::unique_ptr<Plan> plan_;
  const Manifest& manifest_;  // the package's, which plan_ holds
  bool optimised_;
  std::unordered_map<std::string, Index> names_;
  SharedParts shared_;
  std::vector<Place> free_;
};

Result<std::shared_ptr<const Plan>> Plan::validate(std::shared_ptr<const Package> package) {
  return Builder(std::move(package), true).build();
}

Result<std::shared_ptr<const Plan>> Plan::as_written(std::shared_ptr<const Package> package) {
  return Builder(std::move(package), false).build();
}

Result<std::shared_ptr<const Plan>> Plan::load(std::shared_ptr<const Package> package) {
  BASCULE_TRY(auto plan, validate(std::move(package)));
  plan->prepare(plan->default_outputs());
  return plan;
}

}  // namespace bascule
