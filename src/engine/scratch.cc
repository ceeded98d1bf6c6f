#include "engine/scratch.h"

#include <algorithm>

namespace bascule {

std::size_t Ragged::most(std::size_t cell_bytes) const noexcept {
  const std::size_t row_end = starts_[row_] + limits::kScratchRowBytes / cell_bytes;
  return std::min<std::size_t>(row_end, std::numeric_limits<std::uint32_t>::max());
}

bool Ragged::make_token_room() noexcept {
  const std::size_t end = most(sizeof(std::string_view));
  if (size_ >= end || !tokens_.reserve(size_ + 1)) {
    return false;
  }
  room_ = std::min(end, tokens_.capacity());
  return true;
}

bool Ragged::make_cell_room() noexcept {
  const std::size_t end = most(sizeof(std::uint32_t) + sizeof(double));
  if (size_ >= end || !columns_.reserve(size_ + 1) || !values_.reserve(size_ + 1)) {
    return false;
  }
  room_ = std::min({end, columns_.capacity(), values_.capacity()});
  return true;
}

double* Ragged::push_cells(const std::uint32_t* columns, const double* values,
                           std::size_t count) noexcept {
  if (count == 0 || count > most(sizeof(std::uint32_t) + sizeof(double)) - size_ ||
      !columns_.reserve(size_ + count) || !values_.reserve(size_ + count)) {
    return nullptr;
  }
  std::copy_n(columns, count, columns_.data() + size_);
  double* place = std::copy_n(values, count, values_.data() + size_) - count;
  size_ += count;
  return place;
}

void Ragged::release() noexcept {
  columns_.release();
  values_.release();
  tokens_.release();
}

char* Scratch::bytes(std::size_t count) noexcept {
  for (; chunk_ < kChunks; ++chunk_, chunk_used_ = 0) {
    const std::size_t size = kFirstChunk << chunk_;
    if (count > size - chunk_used_) {
      continue;
    }
    auto& chunk = chunks_[chunk_];
    if (chunk == nullptr) {
      chunk.reset(static_cast<char*>(std::malloc(size)));
      chunk_bytes_ += chunk == nullptr ? 0 : size;
    }
    if (chunk == nullptr) {
      return nullptr;
    }
    char* start = chunk.get() + chunk_used_;
    chunk_used_ += count;
    return start;
  }
  return nullptr;
}

std::uint32_t* Scratch::words(std::size_t count) noexcept {
  return words_.reserve(count) ? words_.data() : nullptr;
}

double* Scratch::doubles(std::size_t count) noexcept {
  return doubles_.reserve(count) ? doubles_.data() : nullptr;
}

void Scratch::release() noexcept {
  for (auto& chunk : chunks_) {
    chunk.reset();
  }
  chunk_bytes_ = 0;
  words_.release();
  doubles_.release();
  for (Ragged& ragged : ragged_) {
    ragged.release();
  }
}

}  // namespace bascule
