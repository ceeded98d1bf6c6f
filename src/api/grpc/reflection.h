// gRPC's reflection: tools such as grpcurl ask it for the methods and messages of this server.
//
// What it tells is how our .proto files describe themselves; it knows nothing of models.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule {

// All .proto files of src/api/grpc, as descriptors. Immutable.
class GrpcServices {
 public:
  GrpcServices();

  // "inference.GRPCInferenceService"
  const std::vector<std::string>& services() const noexcept { return services_; }
  // A google.protobuf.FileDescriptorProto, by the file's name or by a name that it defines: of a
  // service, method, message, field, enumeration or value. Empty when there is none.
  std::string_view file(std::string_view name) const noexcept;
  std::string_view file_with(std::string_view symbol) const noexcept;
  bool has_message(std::string_view name) const noexcept;

 private:
  struct Symbol {
    std::string_view file;
    bool message = false;
  };
  void add_file(std::string_view file);
  void add_message(std::string_view file, const std::string& scope, std::string_view message);
  void add_enum(std::string_view file, const std::string& scope, std::string_view enumeration);
  void add_service(std::string_view file, const std::string& scope, std::string_view service);

  std::map<std::string, std::string_view, std::less<>> files_;
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::vector<std::string> services_;
};

// Appends the ServerReflectionResponse to the ServerReflectionRequest `message`; what is not there
// is an answer too. kInvalid for bytes that are no such message, or that ask nothing.
Status answer_reflection(const GrpcServices& services, std::string_view message, std::string& out);
// The response when that failed.
void write_failed_reflection(std::string& out, std::string_view message, int grpc_status,
                             std::string_view error);

}  // namespace bascule
