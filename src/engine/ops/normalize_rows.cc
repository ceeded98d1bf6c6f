// normalize_rows: each row divided by its norm; a row whose norm is 0 stays.
//
// In the order of sklearn.utils.sparsefuncs_fast: absolute values or squares are added in column
// order; l2 takes the root of that sum.

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
enum class Norm : std::uint8_t { kL1, kL2, kMax };
constexpr std::array<std::string_view, 3> kNames = {"l1", "l2", "max"};

class NormalizeRows final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_f64_or_csr());
    BASCULE_TRY(const auto norm, spec.choice("norm", kNames));
    return std::make_unique<NormalizeRows>(static_cast<Norm>(norm));
  }

  explicit NormalizeRows(Norm norm) : norm_(norm) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      return run_csr(rows, in[0], out[0].ragged(), refused);
    }
    const std::size_t width = out[0].width();
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += width, y += width) {
      const double norm = norm_of(std::span(x, width));
      for (std::size_t col = 0; col < width; ++col) {
        y[col] = norm == 0 ? x[col] : x[col] / norm;
      }
    }
  }

 private:
  void run_csr(std::size_t rows, const View& in, Ragged& out, RowErrors& refused) const noexcept {
    out.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = in.starts()[row];
      const std::span cells(in.csr_values() + first, in.starts()[row + 1] - first);
      const double norm = norm_of(cells);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const double y = norm == 0 ? cells[i] : cells[i] / norm;
        if (out.push_cell(in.csr_columns()[first + i], y)) {
          continue;
        }
        refused.mark(row, RowCode::kNoMemory);
        out.drop_row();
        break;
      }
      out.end_row();
    }
  }

  double norm_of(std::span<const double> cells) const noexcept {
    double norm = 0;
    switch (norm_) {
      case Norm::kL1:
        for (const double x : cells) {
          norm += std::fabs(x);
        }
        return norm;
      case Norm::kL2:
        for (const double x : cells) {
          norm += x * x;
        }
        return std::sqrt(norm);
      case Norm::kMax:
        for (const double x : cells) {
          norm = std::max(norm, std::fabs(x));
        }
        return norm;
    }
    return norm;
  }

  Norm norm_;
};
}  // namespace

extern const OpDef op_normalize_rows{
    .name = "normalize_rows", .version = 1, .load = NormalizeRows::load};
}  // namespace bascule
