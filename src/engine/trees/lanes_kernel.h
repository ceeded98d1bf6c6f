// A kernel whose lanes are trees of one row or rows of one tree: a layout, and the function of one
// level of processor that follows it (see lanes_common.h).
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "engine/row_errors.h"
#include "engine/scratch.h"
#include "engine/trees/kernel.h"
#include "engine/trees/leaf_sums.h"

namespace bascule {

// `Function` takes `Layout`'s data, rows, x, start, out and the room.
template <typename Layout, typename Function>
class LanesKernel final : public TreeKernel {
 public:
  // `answer_bytes` of working memory are the answers to conditions.
  LanesKernel(std::string_view name, Layout layout, Function function, std::size_t answer_bytes)
      : name_(name), layout_(std::move(layout)), function_(function), answer_bytes_(answer_bytes) {}

  std::string_view name() const noexcept override { return name_; }
  std::size_t bytes() const noexcept override { return layout_.bytes(); }

  void score(std::size_t rows, const double* x, const double* start, double* out,
             RowErrors& refused, Scratch& scratch) const noexcept override {
    const LaneRoom room = lane_room(layout_.data(), answer_bytes_, scratch);
    if (room.answers == nullptr) {
      for (std::size_t row = 0; row < rows; ++row) {
        refused.mark(row, RowCode::kNoMemory);
      }
      return;
    }
    function_(layout_.data(), rows, x, start, out, room);
  }

 private:
  std::string_view name_;
  Layout layout_;
  Function function_;
  std::size_t answer_bytes_;
};

}  // namespace bascule
