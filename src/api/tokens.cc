#include "api/tokens.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "base/files.h"
#include "base/limits.h"

namespace bascule {
namespace {

constexpr std::string_view kPrefix = "bascule_";
constexpr std::size_t kTokenBytes = kPrefix.size() + 64;
constexpr TimeUs kUsPerDay = 86'400'000'000;

std::uint64_t begin_of(const Digest& hash) noexcept {
  std::uint64_t begin = 0;
  std::memcpy(&begin, hash.data(), sizeof begin);
  return begin;
}

// One that this build does not know may do nothing.
bool read_principal(const Token& token, Principal& out) {
  const auto role = role_of(token.role);
  const auto hash = parse_digest("sha256:" + token.hash);
  if (!role || !hash) {
    return false;
  }
  out.token = token.id;
  out.name = token.principal;
  out.role = *role;
  out.expires_at = token.expires_at;
  out.revoked = token.revoked_at != 0;
  out.hash = *hash;
  out.used_day.store(token.used_day, std::memory_order_relaxed);
  return true;
}

}  // namespace

std::string make_token(Random& random) {
  std::array<std::byte, 32> bits;
  random.fill(bits);
  return std::string(kPrefix) + to_hex(bits);
}

std::string token_hash(std::string_view token) {
  return to_hex(sha256(token));
}

Status Tokens::load() {
  const std::lock_guard one_at_a_time(load_mutex_);
  auto set = std::make_shared<Set>();
  std::int64_t after = 0;
  for (bool more = true; more;) {
    BASCULE_TRY(const auto page, catalog_.list_tokens(after, limits::kPageRows));
    for (const Token& token : page) {
      auto principal = std::make_unique<Principal>();
      if (read_principal(token, *principal)) {
        set->push_back({begin_of(principal->hash), std::move(principal)});
      }
      after = token.id;
    }
    more = page.size() == limits::kPageRows;
  }
  std::ranges::sort(*set, {}, &Entry::begin);
  const std::lock_guard lock(mutex_);
  // Days of use that were not written down yet.
  std::unordered_map<std::int64_t, std::int64_t> used;
  for (const Entry& entry : *set_) {
    used[entry.principal->token] = entry.principal->used_day.load(std::memory_order_relaxed);
  }
  for (const Entry& entry : *set) {
    auto& day = entry.principal->used_day;
    day.store(std::max(day.load(std::memory_order_relaxed), used[entry.principal->token]),
              std::memory_order_relaxed);
  }
  set_ = std::move(set);
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

Status Tokens::record_uses() {
  if (!has_uses_.exchange(false, std::memory_order_relaxed)) {
    return {};
  }
  std::shared_ptr<const Set> set;
  {
    const std::lock_guard lock(mutex_);
    set = set_;
  }
  std::unordered_map<std::int64_t, std::int64_t> written;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    BASCULE_TRY(const auto page, catalog_.list_tokens(after, limits::kPageRows));
    for (const Token& token : page) {
      written[token.id] = token.used_day;
      after = token.id;
    }
    more = page.size() == limits::kPageRows;
  }
  for (const Entry& entry : *set) {
    const std::int64_t day = entry.principal->used_day.load(std::memory_order_relaxed);
    if (day > written[entry.principal->token]) {
      BASCULE_CHECK_OK(catalog_.record_token_use(entry.principal->token, day));
    }
  }
  return {};
}

Result<bool> Tokens::ensure_admin(const std::string& file, TimeUs now, Random& random) {
  {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : *set_) {
      const Principal& one = *entry.principal;
      if (one.role == Role::kAdmin && !one.revoked &&
          (one.expires_at == 0 || one.expires_at > now)) {
        return false;
      }
    }
  }
  const std::string token = make_token(random);
  // The file first: a token that nobody knows would be the last one to be made.
  BASCULE_CHECK_OK(write_private_file(file, token + "\n"));
  BASCULE_CHECK_OK(catalog_.add_token({.principal = "admin",
                                       .role = std::string(role_name(Role::kAdmin)),
                                       .hash = token_hash(token),
                                       .created_by = "bascule serve"}));
  BASCULE_CHECK_OK(load());
  return true;
}

const Principal* Tokens::Cache::find(std::string_view token) {
  const std::uint64_t now = tokens_.generation_.load(std::memory_order_acquire);
  if (now != generation_) {
    const std::lock_guard lock(tokens_.mutex_);
    generation_ = now;
    set_ = tokens_.set_;
  }
  if (token.size() != kTokenBytes || !token.starts_with(kPrefix)) {
    return nullptr;
  }
  const Digest hash = sha256(token);
  const std::uint64_t begin = begin_of(hash);
  for (auto at = std::ranges::lower_bound(*set_, begin, {}, &Entry::begin);
       at != set_->end() && at->begin == begin; ++at) {
    if (CRYPTO_memcmp(at->principal->hash.data(), hash.data(), hash.size()) == 0) {
      return at->principal.get();
    }
  }
  return nullptr;
}

void Tokens::Cache::note_use(const Principal& principal, TimeUs now) const noexcept {
  const std::int64_t day = now / kUsPerDay;
  if (principal.used_day.load(std::memory_order_relaxed) < day) {
    principal.used_day.store(day, std::memory_order_relaxed);
    tokens_.has_uses_.store(true, std::memory_order_relaxed);
  }
}

}  // namespace bascule
