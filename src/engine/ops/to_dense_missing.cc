// to_dense_missing: a sparse block as a dense one; what is absent, or 0, becomes NaN.
//
// How XGBoost reads a sparse matrix: a cell that is not stored is a missing value. scipy stores no
// zero when it makes a dense block sparse, so a stored zero is read as missing too.

#include <algorithm>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::size_t kMostColumns = 65'536;  // as to_dense

class ToDenseMissing final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kCsr));
    if (width > kMostColumns) {
      return spec.error("a sparse block of {} columns cannot be made dense, at most {} can", width,
                        kMostColumns);
    }
    spec.output({ValueKind::kF64, width});
    return std::make_unique<ToDenseMissing>(width);
  }

  explicit ToDenseMissing(std::size_t width) : width_(width) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::uint32_t* starts = in[0].starts();
    const std::uint32_t* columns = in[0].csr_columns();
    const double* values = in[0].csr_values();
    double* y = out[0].f64();
    std::fill_n(y, rows * width_, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < rows; ++row, y += width_) {
      for (std::uint32_t cell = starts[row]; cell < starts[row + 1]; ++cell) {
        if (values[cell] != 0)
          y[columns[cell]] = values[cell];
      }
    }
  }

 private:
  std::size_t width_;
};
}  // namespace

extern const OpDef op_to_dense_missing{
    .name = "to_dense_missing", .version = 1, .load = ToDenseMissing::load};
}  // namespace bascule
