// hash_tokens: tokens counted in columns that their hash chooses.
//
// scikit-learn's FeatureHasher on strings: MurmurHash3 of the UTF-8 bytes with the seed 0, read as
// a signed number; its absolute value modulo the width is the column, and with `signs` its sign
// is what the token adds. Sparse, columns ascending; cells that cancel out stay, as zeros. `binary`
// gives 1 for any stored cell. Source: _hashing_fast.pyx.

#include <algorithm>

#include "base/limits.h"
#include "engine/murmur3.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class HashTokens final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kTokens));
    BASCULE_TRY(const auto width, spec.integer("width", 1, limits::kWidth));
    BASCULE_TRY(const auto signs, spec.boolean("signs", false));
    BASCULE_TRY(const auto binary, spec.boolean("binary", false));
    spec.output(ValueType{ValueKind::kCsr, static_cast<std::size_t>(width)});
    return std::make_unique<HashTokens>(static_cast<std::uint32_t>(width), signs, binary);
  }

  HashTokens(std::uint32_t width, bool signs, bool binary)
      : width_(width), signs_(signs), binary_(binary) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& counts = out[0].ragged();
    counts.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = in[0].starts()[row];
      const std::span tokens(in[0].tokens() + first, in[0].starts()[row + 1] - first);
      if (!add_row(tokens, counts, scratch)) {
        refused.mark(row, RowCode::kNoMemory);
        counts.drop_row();
      }
      counts.end_row();
    }
  }

 private:
  // False when there is no memory.
  bool add_row(std::span<const std::string_view> tokens, Ragged& counts,
               Scratch& scratch) const noexcept {
    // A column, and in the lowest bit whether the token takes away.
    std::uint32_t* hashed = scratch.words(tokens.size());
    if (hashed == nullptr) {
      return tokens.empty();
    }
    static_assert(limits::kWidth <= std::size_t{1} << 31);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::uint32_t hash = murmur3_32(tokens[i]);
      const bool negative = signs_ && hash >> 31 != 0;
      hashed[i] = hash_column(hash, width_) << 1 | static_cast<std::uint32_t>(negative);
    }
    std::sort(hashed, hashed + tokens.size());
    for (std::size_t i = 0; i < tokens.size();) {
      const std::uint32_t column = hashed[i] >> 1;
      double sum = 0;
      for (; i < tokens.size() && hashed[i] >> 1 == column; ++i) {
        sum += (hashed[i] & 1) != 0 ? -1.0 : 1.0;
      }
      if (!counts.push_cell(column, binary_ ? 1.0 : sum)) {
        return false;
      }
    }
    return true;
  }

  std::uint32_t width_;
  bool signs_;
  bool binary_;
};
}  // namespace

extern const OpDef op_hash_tokens{.name = "hash_tokens", .version = 1, .load = HashTokens::load};
}  // namespace bascule
