// The corpus of fuzz/package_fuzz.cc is made by code, so that it can be read and made again:
//   BASCULE_WRITE_SEEDS=1 build/dev/tests_hostile --gtest_filter='Seeds.*'

#include "seeds.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "base/files.h"
#include "engine/op.h"
#include "engine/plan.h"
#include "package/package.h"

namespace bascule::hostile {
namespace {

constexpr std::string_view kCorpus = "fuzz/corpus/package_fuzz";

// The seeds of seeds.cc, and those that tools/make_fuzz_seeds.py keeps in the folder.
TEST(Seeds, LoadAndTogetherUseEveryOperator) {
  std::set<std::string> unused;
  for (const auto* op : op_table()) {
    unused.emplace(op->name);
  }
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
    const auto name = entry.path().filename().string();
    const auto package = Package::open_file(entry.path().string());
    ASSERT_TRUE(package) << name << ": " << package.error().message;
    const auto plan = Plan::load(*package);
    ASSERT_TRUE(plan) << name << ": " << plan.error().message;
    for (const auto& node : (*package)->manifest().graph) {
      unused.erase(node.op);
    }
  }
  EXPECT_EQ(unused, std::set<std::string>())
      << "add a node of it to a seed in seeds.cc, or run tools/make_fuzz_seeds.py";
}

// The logistic seed's golden rows hold what this machine's `exp` gives; the others are the same
// everywhere.
TEST(Seeds, AreTheFilesOfTheCorpus) {
  for (const auto& seed : seeds()) {
    const std::string path = fmt::format("{}/{}", kCorpus, seed.name);
    if (std::getenv("BASCULE_WRITE_SEEDS") != nullptr) {
      ASSERT_TRUE(system_files().make_folders(std::string(kCorpus)));
      ASSERT_TRUE(system_files().write_atomic(path, seed.file));
    }
    const auto kept = system_files().read(path, 1 << 20);
    ASSERT_TRUE(kept) << kept.error().message << "; write the seeds again";
    if (seed.name != "logistic.bascule") {
      EXPECT_EQ(*kept, seed.file) << path << " is not what seeds.cc makes";
    }
  }
}

}  // namespace
}  // namespace bascule::hostile
