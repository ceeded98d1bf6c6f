// Hostile packages: files that prove themselves and are wrong all the same.
//
// A case takes a good tiny package apart, changes one thing, and puts it together again with a
// digest and a fingerprint that fit, so that only the check that the case is about can refuse it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "package/writer.h"

namespace bascule::hostile {

using File = std::vector<std::byte>;

struct Case {
  std::string name;            // CamelCase, for the name of the test
  std::function<File()> make;  // called by the test
  std::string phrase;          // stands in the message
};
void PrintTo(const Case& item, std::ostream* out);

// A good package, taken apart.
struct Parts {
  std::string manifest;             // canonical JSON
  std::vector<TensorData> tensors;  // without paddings and digest
};
Parts parts_of(const File& package);

// The manifest's text with one part of it replaced, which must stand there exactly once.
std::string replaced(std::string text, std::string_view from, std::string_view to);

// Together again, with a fingerprint and a digest that fit.
File assembled(const Parts& parts);

// The tiny package with the manifest's text changed.
File with_manifest(std::string_view from, std::string_view to);
// The tiny package with the header's text changed; the data stays.
File with_header(std::string_view from, std::string_view to);
// The tiny package with the tensors changed.
File with_tensors(const std::function<void(std::vector<TensorData>&)>& change);
TensorData& find(std::vector<TensorData>& tensors, std::string_view name);

// Header and data of a file, as they stand there.
std::string header_of(const File& file);
File data_of(const File& file);  // without the 32 bytes of the digest

}  // namespace bascule::hostile
