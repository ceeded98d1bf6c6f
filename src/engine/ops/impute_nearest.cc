// impute_nearest: a missing cell becomes the mean of that column over the nearest stored rows that
// have it.
//
// The distances are taken once, on the row as it came. A column in which no distance is known gets
// its mean; fewer rows than `k` are as many as there are. Where two rows are equally near, numpy's
// choice is the processor's, and this one takes any. Source: sklearn.impute.KNNImputer.transform.

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/neighbors/found.h"
#include "engine/neighbors/metric.h"
#include "engine/neighbors/selection.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::array<std::string_view, 2> kWeights{"uniform", "distance"};

class ImputeNearest final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto width, spec.same_width_f64());
    BASCULE_TRY(auto metric, Metric::load(spec, width));
    if (metric.kind() != MetricKind::kNanEuclidean) {
      return spec.error("attribute 'metric' must be 'nan_euclidean'");
    }
    BASCULE_TRY(const auto means, spec.floats("means", width));
    BASCULE_TRY(const auto k, spec.integer("k", 1, static_cast<std::int64_t>(limits::kWidth)));
    BASCULE_TRY(const auto weigh, spec.choice("weights", kWeights));
    const std::size_t most = std::min(static_cast<std::size_t>(k), metric.count());
    return std::make_unique<ImputeNearest>(std::move(metric), means, most,
                                           static_cast<Weigh>(weigh));
  }

  ImputeNearest(Metric metric, std::span<const double> means, std::size_t k, Weigh weigh)
      : metric_(std::move(metric)), means_(means), k_(k), weigh_(weigh) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t width = metric_.width();
    double* doubles = scratch.doubles(metric_.count() + metric_.room() + k_);
    std::uint32_t* words = scratch.words(k_);
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      std::copy_n(x, width, y);
      if (std::none_of(x, x + width, [](double cell) { return std::isnan(cell); })) {
        continue;
      }
      if (doubles == nullptr || words == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      measure(x, doubles, doubles + metric_.count());
      Nearest donors{doubles + metric_.count(), words, 0};
      for (std::size_t col = 0; col < width; ++col) {
        if (std::isnan(x[col])) {
          y[col] = filled(doubles, col, donors);
        }
      }
    }
  }

 private:
  void measure(const double* x, double* distances, double* room) const noexcept {
    metric_.prepare(x, room);
    for (std::size_t first = 0; first < metric_.count(); first += Metric::kBatch) {
      const std::size_t count = std::min(Metric::kBatch, metric_.count() - first);
      metric_.reduced(1, x, room, first, count, distances + first);
    }
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      distances[i] = metric_.to_distance(distances[i]);
    }
  }

  double filled(const double* distances, std::size_t col, Nearest donors) const noexcept {
    std::size_t known = 0;
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      known += is_donor(distances, i, col) ? 1 : 0;
    }
    if (known == 0) {
      return means_[col];
    }
    donors.size = std::min(known, k_);
    donors.clear(HUGE_VAL);
    std::size_t first = 0;  // the first donors stay where others are infinitely far
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      if (is_donor(distances, i, col)) {
        if (first < donors.size) {
          donors.indices[donors.size - ++first] = static_cast<std::uint32_t>(i);
        }
      }
    }
    for (std::size_t i = 0; i < metric_.count(); ++i) {
      if (is_donor(distances, i, col)) {
        donors.push(distances[i], static_cast<std::uint32_t>(i));
      }
    }
    return mean(donors, col);
  }

  bool is_donor(const double* distances, std::size_t i, std::size_t col) const noexcept {
    return !std::isnan(distances[i]) && !std::isnan(metric_.point(i)[col]);
  }

  double mean(const Nearest& donors, std::size_t col) const noexcept {
    bool infinite = false;
    for (std::size_t i = 0; i < donors.size; ++i) {
      infinite = infinite || std::isinf(1 / donors.values[i]);
    }
    double sum = 0;
    double weights = 0;
    for (std::size_t i = 0; i < donors.size; ++i) {
      const double inverse = 1 / donors.values[i];
      double weight = 1;
      if (weigh_ == Weigh::kDistance) {
        weight = infinite ? (std::isinf(inverse) ? 1.0 : 0.0) : inverse;
      }
      sum += metric_.point(donors.indices[i])[col] * weight;
      weights += weight;
    }
    return sum / weights;
  }

  Metric metric_;
  std::span<const double> means_;  // [width], borrowed from the package
  std::size_t k_;
  Weigh weigh_;
};
}  // namespace

extern const OpDef op_impute_nearest{
    .name = "impute_nearest", .version = 1, .load = ImputeNearest::load};
}  // namespace bascule
