#include "api/grpc/reflection.h"

#include <fmt/format.h>

#include "api/descriptors.h"  // made by cmake/bascule.cmake
#include "api/grpc/wire.h"
#include "base/utf8.h"

namespace bascule {
namespace {

// Calls `each` with the number and the bytes of every text and nested message.
template <typename Each>
void for_each_field(std::string_view message, Each&& each) {
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
    if (field.type == wire::Type::kBytes) {
      each(field.number, field.bytes);
    }
  }
}

// Field 1 of all descriptors.
std::string_view name_of(std::string_view descriptor) {
  std::string_view name;
  for_each_field(descriptor, [&](std::uint32_t number, std::string_view bytes) {
    if (number == 1) {
      name = bytes;
    }
  });
  return name;
}

std::string within(const std::string& scope, std::string_view name) {
  return scope.empty() ? std::string(name) : scope + "." + std::string(name);
}

// Of a ServerReflectionRequest.
enum class Question : std::uint8_t {
  kNone = 0,
  kFileByName = 3,
  kFileBySymbol = 4,
  kFileByExtension = 5,
  kExtensionNumbers = 6,
  kServices = 7,
};

struct Request {
  Question question = Question::kNone;
  std::string_view text;
};

Result<Request> read_request(std::string_view message) {
  Request request;
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
    if (field.type == wire::Type::kBytes && field.number >= 3 && field.number <= 7) {
      request = {static_cast<Question>(field.number), field.bytes};
    }
  }
  if (reader.broken()) {
    return fail(Code::kInvalid, "the request is no ServerReflectionRequest");
  }
  if (request.question == Question::kNone || !is_utf8(request.text)) {
    return fail(Code::kInvalid, "the request asks nothing that this server knows");
  }
  return request;
}

void put_error(std::string& out, int grpc_status, std::string_view error) {
  wire::put_nested(out, 7, [&] {
    wire::put_number(out, 1, static_cast<std::uint64_t>(grpc_status));
    wire::put_text(out, 2, error);
  });
}

void put_not_found(std::string& out, std::string_view kind, std::string_view name) {
  put_error(out, grpc_status(Code::kNotFound),
            fmt::format("this server has no {} '{}'", kind, utf8_prefix(name, 256)));
}

void put_file(std::string& out, std::string_view file, std::string_view kind,
              std::string_view name) {
  if (file.empty()) {
    put_not_found(out, kind, name);
    return;
  }
  wire::put_nested(out, 4, [&] { wire::put_text(out, 1, file); });
}

}  // namespace

GrpcServices::GrpcServices() {
  for_each_field(descriptors::kServicesBinpb,
                 [&](std::uint32_t /*file*/, std::string_view bytes) { add_file(bytes); });
}

void GrpcServices::add_file(std::string_view file) {
  enum : std::uint8_t { kPackage = 2, kMessage = 4, kEnum = 5, kService = 6 };
  std::string package;
  for_each_field(file, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kPackage) {
      package = bytes;
    }
  });
  for_each_field(file, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kMessage) {
      add_message(file, package, bytes);
    } else if (number == kEnum) {
      add_enum(file, package, bytes);
    } else if (number == kService) {
      add_service(file, package, bytes);
    }
  });
  files_.emplace(name_of(file), file);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own files nest
void GrpcServices::add_message(std::string_view file, const std::string& scope,
                               std::string_view message) {
  enum : std::uint8_t { kField = 2, kNested = 3, kEnum = 4 };
  const std::string name = within(scope, name_of(message));
  symbols_[name] = {file, true};
  for_each_field(message, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kField) {
      symbols_[within(name, name_of(bytes))] = {file, false};
    } else if (number == kNested) {
      add_message(file, name, bytes);
    } else if (number == kEnum) {
      add_enum(file, name, bytes);
    }
  });
}

// Values are named beside their enumeration, not within it.
void GrpcServices::add_enum(std::string_view file, const std::string& scope,
                            std::string_view enumeration) {
  enum : std::uint8_t { kValue = 2 };
  symbols_[within(scope, name_of(enumeration))] = {file, false};
  for_each_field(enumeration, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kValue) {
      symbols_[within(scope, name_of(bytes))] = {file, false};
    }
  });
}

void GrpcServices::add_service(std::string_view file, const std::string& scope,
                               std::string_view service) {
  enum : std::uint8_t { kMethod = 2 };
  services_.push_back(within(scope, name_of(service)));
  symbols_[services_.back()] = {file, false};
  for_each_field(service, [&](std::uint32_t number, std::string_view bytes) {
    if (number == kMethod) {
      symbols_[within(services_.back(), name_of(bytes))] = {file, false};
    }
  });
}

std::string_view GrpcServices::file(std::string_view name) const noexcept {
  const auto found = files_.find(name);
  return found == files_.end() ? std::string_view() : found->second;
}

std::string_view GrpcServices::file_with(std::string_view symbol) const noexcept {
  const auto found = symbols_.find(symbol);
  return found == symbols_.end() ? std::string_view() : found->second.file;
}

bool GrpcServices::has_message(std::string_view name) const noexcept {
  const auto found = symbols_.find(name);
  return found != symbols_.end() && found->second.message;
}

Status answer_reflection(const GrpcServices& services, std::string_view message, std::string& out) {
  BASCULE_TRY(const auto request, read_request(message));
  const std::string_view text = request.text;
  wire::put_text(out, 2, message);
  switch (request.question) {
    case Question::kFileByName:
      put_file(out, services.file(text), "file", text);
      break;
    case Question::kFileBySymbol:
      put_file(out, services.file_with(text), "symbol", text);
      break;
    case Question::kFileByExtension:  // proto3 has none
      put_not_found(out, "extension of", name_of(text));
      break;
    case Question::kExtensionNumbers:
      if (services.has_message(text)) {
        wire::put_nested(out, 5, [&] { wire::put_text(out, 1, text); });
      } else {
        put_not_found(out, "message", text);
      }
      break;
    case Question::kServices:
      wire::put_nested(out, 6, [&] {
        for (const std::string& service : services.services()) {
          wire::put_nested(out, 1, [&] { wire::put_text(out, 1, service); });
        }
      });
      break;
    case Question::kNone:
      break;
  }
  return {};
}

void write_failed_reflection(std::string& out, std::string_view message, int grpc_status,
                             std::string_view error) {
  wire::Field field;
  wire::Reader reader(message);
  while (reader.next(field)) {
  }
  if (!reader.broken()) {
    wire::put_text(out, 2, message);
  }
  put_error(out, grpc_status, error);
}

}  // namespace bascule
