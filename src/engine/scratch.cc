#include "engine/scratch.h"

namespace bascule {

bool Ragged::has_room(std::size_t cell_bytes) const noexcept {
  const std::size_t in_row = size_ - starts_[row_];
  return (in_row + 1) * cell_bytes <= limits::kScratchRowBytes &&
         size_ < std::numeric_limits<std::uint32_t>::max();
}

bool Ragged::push_token(std::string_view token) noexcept {
  if (!has_room(sizeof(token)) || !tokens_.reserve(size_ + 1)) {
    return false;
  }
  tokens_.data()[size_++] = token;
  return true;
}

bool Ragged::push_cell(std::uint32_t column, double value) noexcept {
  if (!has_room(sizeof(column) + sizeof(value))) {
    return false;
  }
  if (!columns_.reserve(size_ + 1) || !values_.reserve(size_ + 1)) {
    return false;
  }
  columns_.data()[size_] = column;
  values_.data()[size_++] = value;
  return true;
}

View Ragged::tokens_view() const noexcept {
  return View(ValueType{ValueKind::kTokens, 1}, tokens_.data(), starts_.data(), nullptr);
}

View Ragged::csr_view(std::size_t width) const noexcept {
  return View(ValueType{ValueKind::kCsr, width}, values_.data(), starts_.data(), columns_.data());
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

}  // namespace bascule
