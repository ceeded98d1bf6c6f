#include "engine/neighbors/selection.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bascule {
namespace {
constexpr std::size_t kSmall = 15;  // up to here insertion is faster

struct Pairs {
  double* values;
  std::uint32_t* indices;

  void swap(std::size_t i, std::size_t j) const noexcept {
    std::swap(values[i], values[j]);
    std::swap(indices[i], indices[j]);
  }
  Pairs from(std::size_t i) const noexcept { return {values + i, indices + i}; }
};

void insertion_sort(Pairs a, std::size_t n) noexcept {
  for (std::size_t i = 1; i < n; ++i) {
    const double value = a.values[i];
    const std::uint32_t index = a.indices[i];
    std::size_t j = i;
    for (; j > 0 && a.values[j - 1] > value; --j) {
      a.values[j] = a.values[j - 1];
      a.indices[j] = a.indices[j - 1];
    }
    a.values[j] = value;
    a.indices[j] = index;
  }
}

void sift_down(Pairs a, std::size_t start, std::size_t end) noexcept {
  std::size_t root = start;
  while (true) {
    const std::size_t child = 2 * root + 1;
    std::size_t largest = root;
    if (child < end && a.values[largest] < a.values[child]) {
      largest = child;
    }
    if (child + 1 < end && a.values[largest] < a.values[child + 1]) {
      largest = child + 1;
    }
    if (largest == root) {
      return;
    }
    a.swap(root, largest);
    root = largest;
  }
}

void heap_sort(Pairs a, std::size_t n) noexcept {
  for (std::size_t start = (n - 2) / 2 + 1; start > 0; --start) {
    sift_down(a, start - 1, n);
  }
  for (std::size_t end = n - 1; end > 0; --end) {
    a.swap(0, end);
    sift_down(a, 0, end);
  }
}

// The smallest of first, middle and last goes first, the middle one (the pivot) last.
double place_pivot(Pairs a, std::size_t n) noexcept {
  const std::size_t middle = n / 2;
  if (a.values[0] > a.values[n - 1]) {
    a.swap(0, n - 1);
  }
  if (a.values[n - 1] > a.values[middle]) {
    a.swap(n - 1, middle);
    if (a.values[0] > a.values[n - 1]) {
      a.swap(0, n - 1);
    }
  }
  return a.values[n - 1];
}

// Where the pivot ends up, with nothing greater before it and nothing smaller after it.
std::size_t partition(Pairs a, std::size_t n) noexcept {
  const double pivot = place_pivot(a, n);
  std::size_t i = 1;
  std::size_t j = n - 2;
  while (true) {
    while (i <= j && a.values[i] < pivot) {
      ++i;
    }
    while (i <= j && a.values[j] > pivot) {
      --j;
    }
    if (i >= j) {
      break;
    }
    a.swap(i++, j--);
  }
  a.swap(i, n - 1);
  return i;
}

// Recurses at most `depth` deep, twice the logarithm of the first n.
void sort_pairs(Pairs a, std::size_t n, int depth) noexcept {
  while (n > kSmall) {
    if (depth-- <= 0) {
      return heap_sort(a, n);
    }
    const std::size_t at = partition(a, n);
    sort_pairs(a, at, depth);
    a = a.from(at + 1);
    n -= at + 1;
  }
  insertion_sort(a, n);
}
}  // namespace

void Nearest::clear(double value) noexcept {
  std::fill_n(values, size, value);
  std::fill_n(indices, size, 0);
}

void Nearest::push(double value, std::uint32_t index) noexcept {
  if (value >= values[0]) {
    return;
  }
  std::size_t at = 0;
  while (true) {
    const std::size_t left = 2 * at + 1;
    const std::size_t right = left + 1;
    if (left >= size) {
      break;
    }
    const std::size_t larger = right >= size || values[left] >= values[right] ? left : right;
    if (!(values[larger] > value)) {
      break;
    }
    values[at] = values[larger];
    indices[at] = indices[larger];
    at = larger;
  }
  values[at] = value;
  indices[at] = index;
}

void Nearest::sort() noexcept {
  if (size > 0) {
    const auto depth = 2 * static_cast<int>(std::log2(static_cast<double>(size)));
    sort_pairs({values, indices}, size, depth);
  }
}

}  // namespace bascule
