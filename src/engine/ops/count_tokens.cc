// count_tokens: how often each word of the vocabulary stands among the tokens of a row.
//
// Sparse, columns ascending, as CountVectorizer.transform sorts them; `binary` gives 1 for any
// count.

#include <algorithm>
#include <array>

#include "engine/kernels/order_kernels.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"
#include "engine/string_index.h"

namespace bascule {
namespace {
class CountTokens final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kTokens));
    BASCULE_TRY(const auto binary, spec.boolean("binary", false));
    BASCULE_TRY(const auto vocabulary, spec.strings("vocabulary"));
    auto index = StringIndex::build(vocabulary);
    if (!index) {
      return spec.error("'vocabulary' {}", index.error().message);
    }
    spec.output(ValueType{ValueKind::kCsr, vocabulary.size()});
    return std::make_unique<CountTokens>(*std::move(index), binary);
  }

  CountTokens(StringIndex vocabulary, bool binary)
      : vocabulary_(std::move(vocabulary)),
        binary_(binary),
        kernels_(order_kernels(best_cpu_level())) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    Ragged& counts = out[0].ragged();
    counts.begin();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = in[0].starts()[row];
      const std::span tokens(in[0].tokens() + first, in[0].starts()[row + 1] - first);
      if (!count_row(tokens, counts, scratch)) {
        refused.mark(row, RowCode::kNoMemory);
        counts.drop_row();
      }
      counts.end_row();
    }
  }

 private:
  // False when there is no memory.
  bool count_row(std::span<const std::string_view> tokens, Ragged& counts,
                 Scratch& scratch) const noexcept {
    // Positions, of which the known ones become columns; the other half is for sorting.
    std::uint32_t* columns = scratch.words(2 * tokens.size());
    if (columns == nullptr) {
      return tokens.empty();
    }
    auto* positions = reinterpret_cast<std::int32_t*>(columns);
    vocabulary_.find_all(tokens, positions);
    std::size_t known = 0;
    std::uint32_t all = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (positions[i] >= 0) {
        columns[known++] = static_cast<std::uint32_t>(positions[i]);
        all |= static_cast<std::uint32_t>(positions[i]);
      }
    }
    if (known <= kOrderMost) {
      std::array<std::uint32_t, kOrderMost> counted;
      const std::size_t distinct = kernels_.distinct(positions, known, counted.data());
      for (std::size_t i = 0; i < distinct; ++i) {
        if (!push(columns[i], counted[i], counts)) {
          return false;
        }
      }
      return true;
    }
    sort(columns, columns + tokens.size(), known, all);
    for (std::size_t i = 0; i < known;) {
      const std::size_t run_start = i;
      while (i < known && columns[i] == columns[run_start]) {
        ++i;
      }
      if (!push(columns[run_start], i - run_start, counts)) {
        return false;
      }
    }
    return true;
  }

  bool push(std::uint32_t column, std::size_t count, Ragged& counts) const noexcept {
    return counts.push_cell(column, binary_ ? 1.0 : static_cast<double>(count));
  }

  // Sorts `count` columns, whose bits are all in `bits`, by a byte at a time.
  static void sort(std::uint32_t* columns, std::uint32_t* spare, std::size_t count,
                   std::uint32_t bits) noexcept {
    for (std::uint32_t shift = 0; shift < 32 && bits >> shift != 0; shift += 8) {
      std::array<std::uint32_t, 257> starts{};
      for (std::size_t i = 0; i < count; ++i) {
        ++starts[(columns[i] >> shift & 0xFF) + 1];
      }
      for (std::size_t byte = 1; byte < 256; ++byte) {
        starts[byte] += starts[byte - 1];
      }
      for (std::size_t i = 0; i < count; ++i) {
        spare[starts[columns[i] >> shift & 0xFF]++] = columns[i];
      }
      std::copy_n(spare, count, columns);
    }
  }

  StringIndex vocabulary_;
  bool binary_;
  const OrderKernels& kernels_;
};
}  // namespace

extern const OpDef op_count_tokens{.name = "count_tokens", .version = 1, .load = CountTokens::load};
}  // namespace bascule
