// nearest: the k stored points that are nearest to the row: their distances, then their positions.
//
// Sorted by distance. How they are searched decides which of equally distant points are found, and
// in which order: a tree visits its leaves as scikit-learn's does, "scan" goes over the points as
// its ArgKmin does. "partition" stands for numpy.argpartition, whose choice among equals is the
// processor's: it takes any of them, and a distance that is NaN comes last, as infinity.

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <optional>

#include "engine/neighbors/metric.h"
#include "engine/neighbors/selection.h"
#include "engine/neighbors/tree.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 4> kSearches{"kd_tree", "ball_tree", "scan", "partition"};
enum class Search : std::uint8_t { kKdTree, kBallTree, kScan, kPartition };

class NearestPoints final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto metric, Metric::load(spec, width));
    BASCULE_TRY(const auto chosen, spec.choice("search", kSearches));
    const auto search = static_cast<Search>(chosen);
    BASCULE_TRY(const auto k, spec.integer("k", 1, static_cast<std::int64_t>(metric.count())));
    std::optional<PointTree> tree;
    if (search == Search::kKdTree || search == Search::kBallTree) {
      BASCULE_TRY(tree, PointTree::load(spec, metric, search == Search::kBallTree));
    }
    spec.output(ValueType{ValueKind::kF64, 2 * static_cast<std::size_t>(k)});
    return std::make_unique<NearestPoints>(std::move(metric), search, std::move(tree),
                                           static_cast<std::size_t>(k));
  }

  NearestPoints(Metric metric, Search search, std::optional<PointTree> tree, std::size_t k)
      : metric_(std::move(metric)), search_(search), tree_(std::move(tree)), k_(k) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* doubles = scratch.doubles(2 * k_ + Metric::kBatch + metric_.room());
    std::uint32_t* words = scratch.words(2 * k_);
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += metric_.width(), y += 2 * k_) {
      if (doubles == nullptr || words == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      Nearest found{doubles, words, k_};
      find(x, found, doubles + k_, words + k_);
      for (std::size_t i = 0; i < k_; ++i) {
        y[i] = metric_.to_distance(found.values[i]);
        y[k_ + i] = static_cast<double>(found.indices[i]);
      }
    }
  }

 private:
  void find(const double* x, Nearest& found, double* doubles, std::uint32_t* words) const noexcept {
    if (tree_) {
      found.clear(HUGE_VAL);
      tree_->search(metric_, x, found);
      return found.sort();
    }
    // ArgKmin gathers in a heap of each thread and pushes that, as it lies, into the last heap.
    Nearest gathered{doubles, words, k_};
    gathered.clear(search_ == Search::kScan ? DBL_MAX : HUGE_VAL);
    for (std::size_t i = 0; search_ == Search::kPartition && i < k_; ++i) {
      gathered.indices[i] = static_cast<std::uint32_t>(i);
    }
    each_point(x, doubles + k_, gathered);
    found.clear(search_ == Search::kScan ? DBL_MAX : HUGE_VAL);
    if (search_ == Search::kPartition) {
      std::copy_n(gathered.values, k_, found.values);
      std::copy_n(gathered.indices, k_, found.indices);
    }
    for (std::size_t i = 0; search_ == Search::kScan && i < k_; ++i) {
      found.push(gathered.values[i], gathered.indices[i]);
    }
    found.sort();
  }

  void each_point(const double* x, double* room, Nearest& found) const noexcept {
    double* batch = room + metric_.room();
    metric_.prepare(x, room);
    for (std::size_t first = 0; first < metric_.count(); first += Metric::kBatch) {
      const std::size_t count = std::min(Metric::kBatch, metric_.count() - first);
      metric_.reduced(x, room, first, count, batch);
      for (std::size_t i = 0; i < count; ++i) {
        if (!std::isnan(batch[i])) {
          found.push(batch[i], static_cast<std::uint32_t>(first + i));
        }
      }
    }
  }

  Metric metric_;
  Search search_;
  std::optional<PointTree> tree_;
  std::size_t k_;
};
}  // namespace

extern const OpDef op_nearest{.name = "nearest", .version = 1, .load = NearestPoints::load};
}  // namespace bascule
