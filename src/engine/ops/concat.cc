// concat: blocks side by side; sparse when any of them is.
//
// A dense block that becomes sparse loses its zeros, as in scipy.sparse.hstack, which
// ColumnTransformer calls: what later touches only stored cells must find the same ones.

#include <algorithm>
#include <array>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

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
    for (std::size_t i = 0; i < spec.inputs().size(); ++i) {
      const ValueType type = spec.inputs()[i];
      if (type.kind != ValueKind::kF64 && type.kind != ValueKind::kCsr) {
        return spec.error("input {} is {}, expected f64 or csr", i, value_type_name(type));
      }
      width += type.width;
      sparse = sparse || type.kind == ValueKind::kCsr;
    }
    spec.output(ValueType{sparse ? ValueKind::kCsr : ValueKind::kF64, width});
    return std::make_unique<Concat>(sparse);
  }

  explicit Concat(bool sparse) : sparse_(sparse) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (sparse_) {
      return run_csr(rows, in, out[0].ragged(), refused);
    }
    const std::size_t width = out[0].width();
    double* block = out[0].f64();
    while (!in.empty()) {
      const std::size_t columns = leading_columns(in);
      if (columns > 0) {
        copy_columns(rows, in.first(columns), width, block);
        block += columns;
        in = in.subspan(columns);
        continue;
      }
      const View& part = in.front();
      const double* x = part.f64();
      double* y = block;
      for (std::size_t row = 0; row < rows; ++row, x += part.width(), y += width) {
        std::copy_n(x, part.width(), y);
      }
      block += part.width();
      in = in.subspan(1);
    }
  }

 private:
  static constexpr std::size_t kTogether = 8;  // a line of the cache

  // How many of the first parts, up to kTogether, are single columns.
  static std::size_t leading_columns(std::span<const View> in) noexcept {
    std::size_t count = 0;
    while (count < std::min(in.size(), kTogether) && in[count].width() == 1) {
      ++count;
    }
    return count;
  }

  // Row by row, as a frame's columns would each touch every line of the block.
  static void copy_columns(std::size_t rows, std::span<const View> in, std::size_t width,
                           double* y) noexcept {
    std::array<const double*, kTogether> x{};
    for (std::size_t i = 0; i < in.size(); ++i) {
      x[i] = in[i].f64();
    }
    if (in.size() == kTogether) {
      for (std::size_t row = 0; row < rows; ++row, y += width) {
        for (std::size_t i = 0; i < kTogether; ++i) {
          y[i] = x[i][row];
        }
      }
      return;
    }
    for (std::size_t row = 0; row < rows; ++row, y += width) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        y[i] = x[i][row];
      }
    }
  }

  static void run_csr(std::size_t rows, std::span<const View> in, Ragged& out,
                      RowErrors& refused) noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      std::size_t first = 0;
      for (const View& part : in) {
        if (!append(part, row, first, out)) {
          refused.mark(row, RowCode::kTooLong);
          out.drop_row();
          break;
        }
        first += part.width();
      }
      out.end_row();
    }
  }

  // Appends one part's row, whose columns start at `first`; false when there is no room.
  static bool append(const View& part, std::size_t row, std::size_t first, Ragged& out) noexcept {
    if (part.kind() == ValueKind::kCsr) {
      for (auto at = part.starts()[row]; at < part.starts()[row + 1]; ++at) {
        const auto column = static_cast<std::uint32_t>(first + part.csr_columns()[at]);
        if (!out.push_cell(column, part.csr_values()[at])) {
          return false;
        }
      }
      return true;
    }
    const double* x = part.f64() + row * part.width();
    for (std::size_t col = 0; col < part.width(); ++col) {
      if (x[col] == 0) {
        continue;
      }
      if (!out.push_cell(static_cast<std::uint32_t>(first + col), x[col])) {
        return false;
      }
    }
    return true;
  }

  bool sparse_;
};
}  // namespace

extern const OpDef op_concat{.name = "concat", .version = 1, .load = Concat::load};
}  // namespace bascule
