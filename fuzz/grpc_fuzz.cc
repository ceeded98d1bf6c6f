// Fuzzes what the body of a gRPC call can reach: its frame, the messages, the cells of a batch.
//
// Each input is read as a whole call for a model of two numbers, packed in every way; as a stream
// of messages that comes in pieces; as a question to reflection; and as the data of a tensor for a
// column of every type. Whatever they are, they are refused or fill cells that exist.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "api/grpc.h"
#include "api/grpc/contents.h"
#include "api/grpc/infer_decoder.h"
#include "api/grpc/reflection.h"
#include "fixture.h"

namespace bascule {
namespace {

constexpr std::size_t kTypes = 13;  // of OipType
constexpr std::size_t kRows = 3;
constexpr std::size_t kMostBytes = 100'000;  // of a message

// The route of a call, as far as unpacking asks for it.
class Handler final : public HttpHandler {
 public:
  std::uint64_t body_limit(const HttpRequest&) override { return kMostBytes; }
  void handle(const HttpRequest&, Responder) override {}
  void refused(int, std::string_view) override {}
  void after_write() override {}
  void tick() override {}
};

class Fixture {
 public:
  void read_call(std::string_view body) const {
    const auto bytes = grpc_message(body);
    const auto message = bytes ? read_infer_message(*bytes) : std::unexpected(bytes.error());
    if (message) {
      const auto request = decode_infer(*message, set_, *set_.production);
      // A request that was read can be hashed and logged, whatever its values are.
      static_cast<void>(request && request->batch.features_json(0).empty());
    }
  }

  // What comes out is no longer than the limit, and a message that can be read if it is plain.
  void unpack_call(std::string_view body) const {
    Handler handler;
    for (const std::string_view coding : {"gzip", "deflate", "identity", "br"}) {
      const std::array headers{HttpHeader{"grpc-encoding", coding}};
      HttpRequest request;
      request.headers = headers;
      request.body = body;
      const auto unpacked = unpacked_grpc_body(handler, request);
      if (!unpacked || unpacked->empty()) {
        continue;
      }
      const auto plain = std::string_view(*unpacked).substr(0, unpacked->size() - kBodyPadding);
      const auto message = grpc_message(plain);
      if (!message || message->size() > kMostBytes) {
        std::abort();
      }
      read_call(plain);
    }
  }

  // Frames are the same however their bytes come.
  void read_stream(std::string_view bytes) const {
    GrpcFrames whole;
    whole.append(bytes);
    GrpcFrames pieces;
    std::string expected;
    std::string got;
    Result<bool> more = true;
    for (std::size_t at = 0; more && *more && at <= bytes.size();) {
      more = whole.take(expected, kMostBytes);
      auto taken = pieces.take(got, kMostBytes);
      while (taken && !*taken && at < bytes.size()) {
        const std::size_t count = std::min<std::size_t>(1 + at % 7, bytes.size() - at);
        pieces.append(bytes.substr(at, count));
        at += count;
        taken = pieces.take(got, kMostBytes);
      }
      if (taken.has_value() != more.has_value() || (taken && *taken != *more) ||
          (taken && *taken && got != expected)) {
        std::abort();
      }
    }
  }

  void reflect(std::string_view message) const {
    std::string out;
    if (!answer_reflection(services_, message, out)) {
      write_failed_reflection(out, message, 3, "no");
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
  GrpcServices services_;
  const LiveSet set_ = live_set(tiny_logistic_package());
  const std::shared_ptr<const Columns> columns_ = live_set(every_kind_package()).columns;
};

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bascule::Fixture fixture;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  fixture.read_call(body);
  fixture.unpack_call(body);
  fixture.read_stream(body);
  fixture.reflect(body);
  if (!body.empty()) {
    fixture.read_cells(body);
  }
  return 0;
}
