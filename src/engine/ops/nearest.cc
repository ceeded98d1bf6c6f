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
    } else {
      metric.lay_out_points();
    }
    spec.output(ValueType{ValueKind::kF64, 2 * static_cast<std::size_t>(k)});
    return std::make_unique<NearestPoints>(std::move(metric), search, std::move(tree),
                                           static_cast<std::size_t>(k));
  }

  NearestPoints(Metric metric, Search search, std::optional<PointTree> tree, std::size_t k)
      : metric_(std::move(metric)), search_(search), tree_(std::move(tree)), k_(k) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t room = metric_.room();
    const std::size_t together = std::min(rows, kTogether);
    double* doubles = scratch.doubles(together * (room + k_ + Metric::kBatch) + k_);
    std::uint32_t* words = scratch.words((together + 1) * k_);
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; row += together) {
      const std::size_t count = std::min(together, rows - row);
      for (std::size_t i = 0; (doubles == nullptr || words == nullptr) && i < count; ++i) {
        refused.mark(row + i, RowCode::kNoMemory);
      }
      if (doubles != nullptr && words != nullptr) {
        find(count, x + row * metric_.width(), doubles, words, y + row * 2 * k_);
      }
    }
  }

 private:
  static constexpr std::size_t kTogether = 8;  // rows that meet the points together

  // Rows x [rows, width] -> y [rows, 2 k].
  void find(std::size_t rows, const double* x, double* doubles, std::uint32_t* words,
            double* y) const noexcept {
    double* found_values = doubles + rows * k_;
    const Nearest found{found_values, words + rows * k_, k_};
    if (!tree_) {
      gather(rows, x, found_values + k_, doubles, words);
    }
    for (std::size_t row = 0; row < rows; ++row, x += metric_.width(), y += 2 * k_) {
      if (tree_) {
        search_tree(x, found);
      } else {
        rearrange(Nearest{doubles + row * k_, words + row * k_, k_}, found);
      }
      for (std::size_t i = 0; i < k_; ++i) {
        y[i] = metric_.to_distance(found.values[i]);
        y[k_ + i] = static_cast<double>(found.indices[i]);
      }
    }
  }

  void search_tree(const double* x, Nearest found) const noexcept {
    found.clear(HUGE_VAL);
    tree_->search(metric_, x, found);
    found.sort();
  }

  // ArgKmin gathers in a heap of each thread and pushes that, as it lies, into the last heap.
  void rearrange(const Nearest& gathered, Nearest found) const noexcept {
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

  // Every point to every row's heap: values and indices [rows, k].
  void gather(std::size_t rows, const double* x, double* room, double* values,
              std::uint32_t* indices) const noexcept {
    double* batch = room + rows * metric_.room();
    for (std::size_t row = 0; row < rows; ++row) {
      metric_.prepare(x + row * metric_.width(), room + row * metric_.room());
      Nearest heap{values + row * k_, indices + row * k_, k_};
      heap.clear(search_ == Search::kScan ? DBL_MAX : HUGE_VAL);
      for (std::size_t i = 0; search_ == Search::kPartition && i < k_; ++i) {
        heap.indices[i] = static_cast<std::uint32_t>(i);
      }
    }
    for (std::size_t first = 0; first < metric_.count(); first += Metric::kBatch) {
      const std::size_t count = std::min(Metric::kBatch, metric_.count() - first);
      metric_.reduced(rows, x, room, first, count, batch);
      for (std::size_t row = 0; row < rows; ++row) {
        Nearest heap{values + row * k_, indices + row * k_, k_};
        const double* distances = batch + row * count;
        for (std::size_t i = 0; i < count; ++i) {
          if (distances[i] < heap.largest()) {  // NaN is not
            heap.push(distances[i], static_cast<std::uint32_t>(first + i));
          }
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
