// neighbor_graph: the row's neighbours as a sparse row over all stored points.
//
// A point that is found twice (where distances overflow) has both its distances, added.

#include <algorithm>

#include "engine/neighbors/found.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class NeighborGraph final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto points,
                spec.integer("points", 1, static_cast<std::int64_t>(limits::kWidth)));
    BASCULE_TRY(const auto connected, spec.boolean("connectivity", false));
    BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    BASCULE_CHECK_OK(expect_found(spec, static_cast<std::size_t>(points)));
    spec.output(ValueType{ValueKind::kCsr, static_cast<std::size_t>(points)});
    return std::make_unique<NeighborGraph>(static_cast<std::size_t>(points), connected);
  }

  NeighborGraph(std::size_t points, bool connected) : points_(points), connected_(connected) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t k = in[0].width() / 2;
    std::uint32_t* order = scratch.words(k);
    Ragged& graph = out[0].ragged();
    graph.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      if (order == nullptr || !append(FoundRow(in[0], row, points_), order, graph)) {
        refused.mark(row, RowCode::kNoMemory);
        graph.drop_row();
      }
      graph.end_row();
    }
  }

 private:
  // False when there is no room.
  bool append(const FoundRow& found, std::uint32_t* order, Ragged& graph) const noexcept {
    for (std::uint32_t i = 0; i < found.count(); ++i) {
      order[i] = i;
    }
    std::sort(order, order + found.count(), [&](std::uint32_t a, std::uint32_t b) {
      const auto left = found.position(a);
      const auto right = found.position(b);
      return left != right ? left < right : a < b;
    });
    for (std::size_t i = 0; i < found.count();) {
      const std::size_t at = found.position(order[i]);
      double sum = 0;
      for (; i < found.count() && found.position(order[i]) == at; ++i) {
        sum += connected_ ? 1.0 : found.distance(order[i]);
      }
      if (!graph.push_cell(static_cast<std::uint32_t>(at), sum)) {
        return false;
      }
    }
    return true;
  }

  std::size_t points_;
  bool connected_;
};
}  // namespace

extern const OpDef op_neighbor_graph{
    .name = "neighbor_graph", .version = 1, .load = NeighborGraph::load};
}  // namespace bascule
