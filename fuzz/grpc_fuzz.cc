// Fuzzes what the body of a gRPC call can reach: its frame, the messages, the cells of a batch.
//
// Each input is read as a whole call for a model of two numbers, and its bytes as the data of a
// tensor for a column of every type. Whatever they are, they are refused or fill cells that exist.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "api/grpc.h"
#include "api/grpc/contents.h"
#include "api/grpc/infer_decoder.h"
#include "package/package.h"
#include "package/testing.h"
#include "serving/host.h"

namespace bascule {
namespace {

constexpr std::size_t kTypes = 13;  // of OipType
constexpr std::size_t kRows = 3;
constexpr std::array kKinds{ColumnKind::kNumber,  ColumnKind::kNumber32, ColumnKind::kInteger,
                            ColumnKind::kBoolean, ColumnKind::kString,   ColumnKind::kMatrix};

class Fixture {
 public:
  Fixture() : bytes_(tiny_logistic_package()) {
    const auto package = Package::open(bytes_);
    auto plan = package ? Plan::load(*package) : std::unexpected(package.error());
    if (!plan) {
      std::abort();
    }
    auto live = std::make_shared<LiveVersion>();
    live->plan = std::move(*plan);
    set_.production = LiveTag{.tag = "production", .revision = 1, .live = live, .columns = {}};
    for (const ColumnKind kind : kKinds) {
      InputColumn input;
      input.name = std::string("c") + static_cast<char>('0' + all_kinds_.inputs.size());
      input.type = {kind, kind == ColumnKind::kMatrix ? std::size_t{2} : std::size_t{1}};
      input.nullable = all_kinds_.inputs.size() % 2 == 0;
      all_kinds_.inputs.push_back(std::move(input));
    }
    const Manifest* manifest = &all_kinds_;
    auto columns = Columns::unite(std::span(&manifest, 1));
    if (!unite_columns(set_) || !columns) {
      std::abort();
    }
    columns_ = std::make_shared<const Columns>(*std::move(columns));
  }

  void read_call(std::string_view body) const {
    const auto bytes = grpc_message(body);
    const auto message = bytes ? read_infer_message(*bytes) : std::unexpected(bytes.error());
    if (message) {
      const auto request = decode_infer(*message, set_, *set_.production);
      // A request that was read can be hashed and logged, whatever its values are.
      static_cast<void>(request && request->batch.features_json(0).empty());
    }
  }

  // The first byte says what the tensor claims to be.
  void read_cells(std::string_view body) const {
    const auto type = static_cast<OipType>(static_cast<unsigned char>(body[0]) % kTypes);
    for (std::uint32_t column = 0; column < columns_->size(); ++column) {
      if (!oip_accepts((*columns_)[column].type, type)) {
        continue;
      }
      const OipTensor tensor{
          .name = "c", .type = type, .shape = {kRows, (*columns_)[column].type.width}};
      RowBatch batch(columns_, kRows);
      const OipCells cells(batch, tensor, std::span(&column, 1), "missing");
      static_cast<void>(cells.read_raw(body.substr(1)).has_value());
      static_cast<void>(read_contents(body.substr(1), cells).has_value());
      static_cast<void>(batch.features_json(kRows - 1));
    }
  }

 private:
  std::vector<std::byte> bytes_;
  LiveSet set_;
  Manifest all_kinds_;
  std::shared_ptr<const Columns> columns_;
};

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bascule::Fixture fixture;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  fixture.read_call(body);
  if (!body.empty()) {
    fixture.read_cells(body);
  }
  return 0;
}
