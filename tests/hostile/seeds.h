// Good packages that together use every operator: what the fuzzer starts from, and what the hostile
// files for the engine are made of.
#pragma once

#include <string>
#include <vector>

#include "hostile.h"

namespace bascule::hostile {

File numbers_seed();     // per-cell operators on dense columns, softmax, argmax
File float32_seed();     // the float32 variants, missing marks
File categories_seed();  // look-ups, one-hot, take, sparse and dense side by side
File text_seed();        // tokenize to tf-idf
File trees_seed();       // two trees of two leaves sums, with everything a tree may have

struct Seed {
  std::string name;  // of its file in fuzz/corpus/package_fuzz
  File file;
};
std::vector<Seed> seeds();

}  // namespace bascule::hostile
