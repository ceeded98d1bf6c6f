#include "hostile.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>

#include "base/assert.h"
#include "package/package.h"
#include "package/testing.h"

namespace bascule::hostile {
namespace {

std::size_t header_size(const File& file) {
  std::size_t size = 0;
  for (std::size_t i = 8; i-- > 0;) {
    size = size << 8 | std::to_integer<std::size_t>(file[i]);
  }
  return size;
}

}  // namespace

void PrintTo(const Case& item, std::ostream* out) {
  *out << item.name;
}

Parts parts_of(const File& package) {
  const auto opened = Package::open(package);
  BASCULE_ASSERT(opened.has_value());
  Parts parts{std::string((*opened)->manifest_text()), {}};
  for (const auto& tensor : (*opened)->tensors()) {
    parts.tensors.push_back({std::string(tensor.name),
                             tensor.dtype,
                             tensor.shape,
                             {tensor.bytes.begin(), tensor.bytes.end()}});
  }
  return parts;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == text.npos || text.find(from, at + 1) != text.npos) {
    throw std::invalid_argument(fmt::format("'{}' does not stand exactly once in {}", from, text));
  }
  return text.replace(at, from.size(), to);
}

File assembled(const Parts& parts) {
  auto file = write_package_text(parts.manifest, parts.tensors);
  rehash(file);
  return file;
}

File with_manifest(std::string_view from, std::string_view to) {
  auto parts = parts_of(tiny_logistic_package());
  parts.manifest = replaced(parts.manifest, from, to);
  return assembled(parts);
}

File with_header(std::string_view from, std::string_view to) {
  const auto file = tiny_logistic_package();
  return write_container(replaced(header_of(file), from, to), data_of(file));
}

File with_tensors(const std::function<void(std::vector<TensorData>&)>& change) {
  auto parts = parts_of(tiny_logistic_package());
  change(parts.tensors);
  return assembled(parts);
}

TensorData& find(std::vector<TensorData>& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &TensorData::name);
  BASCULE_ASSERT(found != tensors.end());
  return *found;
}

std::string header_of(const File& file) {
  const std::string text(reinterpret_cast<const char*>(file.data()) + 8, header_size(file));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

File data_of(const File& file) {
  const auto start = static_cast<std::ptrdiff_t>(8 + header_size(file));
  return {file.begin() + start, file.end() - 32};
}

}  // namespace bascule::hostile
