// to_sparse: a dense block as a sparse one.
//
// Zeros are not stored, as in scipy.sparse.csr_array(x); NaN is. With `missing` it is the other way
// round: what is missing is absent, and a zero that was given is stored, as DictVectorizer does.
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class ToSparse final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(const auto missing, spec.boolean("missing", false));
    spec.output(ValueType{ValueKind::kCsr, width});
    return std::make_unique<ToSparse>(missing);
  }

  explicit ToSparse(bool missing) : missing_(missing) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    Ragged& y = out[0].ragged();
    y.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const double* x = in[0].f64() + row * in[0].width();
      for (std::size_t col = 0; col < in[0].width(); ++col) {
        const bool absent = missing_ ? std::isnan(x[col]) : x[col] == 0;
        if (absent || y.push_cell(static_cast<std::uint32_t>(col), x[col])) {
          continue;
        }
        refused.mark(row, RowCode::kNoMemory);
        y.drop_row();
        break;
      }
      y.end_row();
    }
  }

 private:
  bool missing_;
};
}  // namespace

extern const OpDef op_to_sparse{.name = "to_sparse", .version = 1, .load = ToSparse::load};
}  // namespace bascule
