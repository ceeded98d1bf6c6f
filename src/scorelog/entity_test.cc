#include "scorelog/entity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace bascule {
namespace {

// Frozen: logs of different years must agree. Checked with Python:
//   hmac.new(bytes(range(32)), "card_9".encode(), "sha256").hexdigest()
TEST(Entity, IsHashedAsItEverWas) {
  std::string salt;
  for (char byte = 0; byte < 32; ++byte) {
    salt.push_back(byte);
  }
  const auto hash = hash_entity(salt, "card_9");
  EXPECT_EQ(to_hex(hash), "70ea07d45b453903bbcaf009ec21071b8bd7a29133a28d62bcada15119f83d51");
  EXPECT_EQ(group_of(hash), 48);
}

TEST(Entity, GivesOneGroupToAllItsRowsAndSpreadsRowsWithoutOne) {
  std::array<bool, 64> with{};
  std::array<bool, 64> without{};
  for (int i = 0; i < 1000; ++i) {
    ScoreRecord record;
    record.key = "charge_" + std::to_string(i);
    set_entity(record, "salt", "card_9");
    with[record.group] = true;
    EXPECT_TRUE(record.entity_hash);
    set_entity(record, "salt", "");
    without[record.group] = true;
    EXPECT_FALSE(record.entity_hash);
  }
  EXPECT_EQ(std::count(with.begin(), with.end(), true), 1);
  EXPECT_EQ(std::count(without.begin(), without.end(), true), 64);
}

TEST(Entity, ThatIsNotGivenDoesNotChangeTheGroupOnARetry) {
  ScoreRecord first;
  first.key = "charge_1";
  first.event_id = "a";
  ScoreRecord second = first;
  second.event_id = "b";
  set_entity(first, "salt", "");
  set_entity(second, "salt", "");
  EXPECT_EQ(first.group, second.group);
}

}  // namespace
}  // namespace bascule
