// What loading a package costs: CPU time of its parts, without Python around it.
//
//   build/release/bench_load_package PACKAGE [ROUNDS]
//
// Prints the medians, in milliseconds, of SHA-256 (twice over the bytes: the digest of the file and
// the fingerprint of what decides a score), of all other validation, and of the layouts that the
// default outputs need; then those of every output. bench/packing.py runs it.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/sha256.h"
#include "engine/plan.h"

namespace bascule::bench {
namespace {
double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> took) {
  std::ranges::sort(took);
  return took[took.size() / 2];
}

int run(const char* path, std::size_t rounds) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  std::vector<double> hash;
  std::vector<double> rest;
  std::vector<double> layout;
  std::vector<double> every;
  for (std::size_t round = 0; round < rounds; ++round) {
    double start = cpu_ms();
    for (int i = 0; i < 2; ++i) {
      Sha256 sha;
      sha.update(std::as_bytes(std::span(bytes)));
      static_cast<void>(sha.finish());
    }
    hash.push_back(cpu_ms() - start);
    start = cpu_ms();
    const auto package = Package::open(std::as_bytes(std::span(bytes)));
    const auto plan = package ? Plan::validate(*package) : std::unexpected(package.error());
    if (!plan) {
      fmt::print(stderr, "bench_load_package: {}\n", plan.error().message);
      return 1;
    }
    rest.push_back(cpu_ms() - start - hash.back());
    start = cpu_ms();
    (*plan)->prepare((*plan)->default_outputs());
    layout.push_back(cpu_ms() - start);
    (*plan)->prepare(~OutputMask{0});
    every.push_back(cpu_ms() - start);
  }
  fmt::print("{:.3f} {:.3f} {:.3f} {:.3f}\n", median(hash), median(rest), median(layout),
             median(every));
  return 0;
}
}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("bench/packing.py runs this program\n");
    return 0;
  }
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 15;
  return bascule::bench::run(argv[1], static_cast<std::size_t>(rounds));
}
