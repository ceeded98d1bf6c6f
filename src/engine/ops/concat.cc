// concat: blocks side by side; sparse when any of them is.
//
// Of an operator with a table, whose block nobody else reads, it reads the codes instead.
// A dense block that becomes sparse loses its zeros, as in scipy.sparse.hstack, which
// ColumnTransformer calls: what later touches only stored cells must find the same ones.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/parts.h"
#include "engine/scratch.h"
#include "engine/stored.h"

namespace bascule {
namespace {
class Concat final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    if (spec.inputs().empty()) {
      return spec.error("has no inputs, expected one or more");
    }
    std::size_t width = 0;  // at most kNodes * kWidth: no overflow
    bool sparse = false;
    std::vector<Part> parts;
    for (std::size_t i = 0; i < spec.inputs().size(); ++i) {
      const ValueType type = spec.inputs()[i];
      if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
        return spec.error("input {} is {}, expected f64 or csr", i, value_type_name(type));
      }
      parts.push_back({type});
      width += type.width;
      sparse = sparse || type.kind == ValueKind::kCsr;
    }
    spec.output(ValueType{sparse ? ValueKind::kCsr : ValueKind::kF64, width});
    return std::make_unique<Concat>(sparse, width, std::move(parts));
  }

  Concat(bool sparse, std::size_t width, std::vector<Part> parts)
      : sparse_(sparse), may_refuse_(sparse && width > kStoredRowCells), parts_(std::move(parts)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (sparse_) {
      return run_csr(rows, in, out[0].ragged(), refused);
    }
    const std::size_t width = out[0].width();
    double* block = out[0].f64();
    for (std::size_t i = 0; i < in.size();) {
      const std::size_t blocks = dense_blocks(i);
      copy_blocks(0, rows, in.subspan(i, blocks), width, block);
      for (const std::size_t end = i + blocks; i < end; ++i) {
        block += parts_[i].width();
      }
      if (i < in.size()) {
        look_up(rows, in[i], *parts_[i].table, width, block);
        block += parts_[i++].width();
      }
    }
  }

  std::span<const Part> parts() const noexcept override {
    return may_refuse_ ? std::span<const Part>() : parts_;
  }

  bool start_with(std::span<const Part> parts) override {
    parts_.assign(parts.begin(), parts.end());
    return true;
  }

 private:
  // How many parts from `first` on are no tables.
  std::size_t dense_blocks(std::size_t first) const noexcept {
    std::size_t end = first;
    while (end < parts_.size() && parts_[end].table == nullptr) {
      ++end;
    }
    return end - first;
  }

  static void look_up(std::size_t rows, const View& codes, const CodeTable& table,
                      std::size_t width, double* y) noexcept {
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      if (table.is_hot()) {
        std::fill_n(y, table.width, 0.0);
      }
      table.each(table.position(codes, row), [y](std::size_t col, double x) { y[col] = x; });
    }
  }

  void run_csr(std::size_t rows, std::span<const View> in, Ragged& out,
               RowErrors& refused) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      std::size_t first = 0;
      for (std::size_t i = 0; i < in.size(); ++i) {
        if (!append(parts_[i], in[i], row, first, out)) {
          refused.mark(row, RowCode::kTooLong);
          out.drop_row();
          break;
        }
        first += parts_[i].width();
      }
      out.end_row();
    }
  }

  // Appends one part's row, whose columns start at `first`; false when there is no room.
  static bool append(const Part& part, const View& in, std::size_t row, std::size_t first,
                     Ragged& out) noexcept {
    bool room = true;
    const auto push = [&](std::size_t col, double x) {
      room = room && out.push_cell(static_cast<std::uint32_t>(first + col), x);
    };
    const auto push_unless_zero = [&](std::size_t col, double x) {
      if (x != 0) {
        push(col, x);
      }
    };
    if (part.table != nullptr) {
      part.table->each(part.table->position(in, row), push_unless_zero);
    } else if (part.type.kind == ValueKind::kCsr) {
      for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
        push(in.csr_columns()[at], in.csr_values()[at]);
      }
    } else {
      const double* x = in.f64() + row * in.width();
      for (std::size_t col = 0; col < in.width(); ++col) {
        push_unless_zero(col, x[col]);
      }
    }
    return room;
  }

  bool sparse_;
  bool may_refuse_;  // a row could have too many cells
  std::vector<Part> parts_;
};
}  // namespace

extern const OpDef op_concat{.name = "concat", .version = 1, .load = Concat::load};
}  // namespace bascule
