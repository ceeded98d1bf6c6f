// within: the stored points within a radius of the row, each with its distance.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/neighbors/metric.h"
#include "engine/neighbors/tree.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 3> kSearches{"kd_tree", "ball_tree", "scan"};
enum class Search : std::uint8_t { kKdTree, kBallTree, kScan };
constexpr double kAbsent = -1;  // no distance

class Within final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto metric, Metric::load(spec, width));
    BASCULE_TRY(const auto radius, spec.number("radius"));
    BASCULE_TRY(const auto connected, spec.boolean("connectivity", false));
    BASCULE_TRY(const auto chosen, spec.choice("search", kSearches));
    const auto search = static_cast<Search>(chosen);
    std::optional<PointTree> tree;
    if (search != Search::kScan) {
      BASCULE_TRY(tree, PointTree::load(spec, metric, search == Search::kBallTree));
    } else {
      metric.lay_out_points();
    }
    spec.output(ValueType{ValueKind::kCsr, metric.count()});
    return std::make_unique<Within>(std::move(metric), std::move(tree), radius, connected);
  }

  Within(Metric metric, std::optional<PointTree> tree, double radius, bool connected)
      : metric_(std::move(metric)),
        tree_(std::move(tree)),
        radius_(radius),
        connected_(connected) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* doubles = scratch.doubles(metric_.count() + metric_.room());
    const double* x = in[0].f64();
    Ragged& found = out[0].ragged();
    found.begin();
    for (std::size_t row = 0; row < rows; ++row, x += metric_.width()) {
      if (doubles == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
      } else {
        gather(x, doubles, doubles + metric_.count());
        append(row, doubles, found, refused);
      }
      found.end_row();
    }
  }

 private:
  // distances[i] of every point within the radius, kAbsent for the others.
  void gather(const double* x, double* distances, double* room) const noexcept {
    if (tree_) {
      std::fill_n(distances, metric_.count(), kAbsent);
      tree_->within(metric_, x, radius_,
                    [&](std::uint32_t at, double distance) { distances[at] = distance; });
      return;
    }
    const double most = metric_.to_reduced(radius_);
    metric_.prepare(x, room);
    for (std::size_t first = 0; first < metric_.count(); first += Metric::kBatch) {
      const std::size_t count = std::min(Metric::kBatch, metric_.count() - first);
      metric_.reduced(1, x, room, first, count, distances + first);
    }
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      distances[i] = distances[i] <= most ? metric_.to_distance(distances[i]) : kAbsent;
    }
  }

  void append(std::size_t row, const double* distances, Ragged& found,
              RowErrors& refused) const noexcept {
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      if (distances[i] < 0) {
        continue;
      }
      if (!found.push_cell(static_cast<std::uint32_t>(i), connected_ ? 1.0 : distances[i])) {
        refused.mark(row, RowCode::kNoMemory);
        return found.drop_row();
      }
    }
  }

  Metric metric_;
  std::optional<PointTree> tree_;
  double radius_;
  bool connected_;
};
}  // namespace

extern const OpDef op_within{.name = "within", .version = 1, .load = Within::load};
}  // namespace bascule
