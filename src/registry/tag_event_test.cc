#include "registry/tag_event.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/sha256.h"

namespace bascule {
namespace {

// A tag's history, written as it happened.
class History {
 public:
  History& set(std::int64_t version) { return add(EventKind::kSet, version); }
  History& promote(std::int64_t version) { return add(EventKind::kPromote, version); }
  History& roll_back(std::int64_t version) { return add(EventKind::kRollBack, version); }
  History& remove() { return add(EventKind::kDelete, 0); }
  std::optional<std::int64_t> target() const { return roll_back_target(events_); }

 private:
  History& add(EventKind kind, std::int64_t version) {
    TagEvent event;
    event.kind = kind;
    event.old_version = events_.empty() ? 0 : events_.back().new_version;
    event.new_version = version;
    events_.push_back(event);
    return *this;
  }
  std::vector<TagEvent> events_;
};

TEST(RollBackTarget, IsTheVersionBefore) {
  EXPECT_EQ(History().promote(1).promote(2).target(), 1);
  EXPECT_EQ(History().set(1).promote(2).target(), 1);  // the first production was set by hand
}

TEST(RollBackTarget, IsAskedForWhenNothingWasPromotedBefore) {
  EXPECT_EQ(History().target(), std::nullopt);
  EXPECT_EQ(History().set(1).target(), std::nullopt);
  EXPECT_EQ(History().promote(1).target(), std::nullopt);
}

TEST(RollBackTarget, NeverGoesForwardToWhatWasRolledBack) {
  History history;
  history.promote(1).promote(2).promote(3).roll_back(2);
  EXPECT_EQ(history.target(), 1);
  history.roll_back(1);
  EXPECT_EQ(history.target(), std::nullopt);
}

TEST(RollBackTarget, SkipsARolledBackVersionBelowANewerPromotion) {
  EXPECT_EQ(History().promote(1).promote(2).roll_back(1).promote(3).target(), 1);
}

TEST(RollBackTarget, TakesAVersionThatWasPromotedAgainAfterItsRollBack) {
  EXPECT_EQ(History().promote(1).promote(2).roll_back(1).promote(2).promote(3).target(), 2);
}

TEST(RollBackTarget, SkipsARolledBackVersionThatWasPromotedTwice) {
  EXPECT_EQ(History().promote(1).promote(2).promote(1).target(), 2);
  EXPECT_EQ(History().promote(1).promote(2).promote(1).roll_back(2).target(), std::nullopt);
}

TEST(RollBackTarget, CountsWhatAnExplicitTargetJumpedOverAsTakenAway) {
  EXPECT_EQ(History().promote(1).promote(2).promote(3).roll_back(1).target(), std::nullopt);
  EXPECT_EQ(History().promote(1).promote(2).promote(3).roll_back(1).promote(4).target(), 1);
}

TEST(RollBackTarget, FollowsAnOperatorWhoWantsARolledBackVersionAgain) {
  History history;
  history.promote(1).promote(2).promote(3).roll_back(2).roll_back(3);
  EXPECT_EQ(history.target(), 1);  // 2 was rolled back too
  EXPECT_EQ(history.promote(4).target(), 3);
}

TEST(RollBackTarget, IsTheDeletedVersionWhenTheTagWasDeleted) {
  EXPECT_EQ(History().promote(1).promote(2).remove().target(), 2);
  EXPECT_EQ(History().promote(1).promote(2).remove().roll_back(2).target(), 1);
  EXPECT_EQ(History().promote(1).promote(2).remove().set(3).target(), 2);
}

TEST(RollBackTarget, SkipsTheSameVersionSetTwice) {
  EXPECT_EQ(History().promote(1).set(2).set(3).set(2).target(), 3);
}

TagEvent event() {
  return {.seq = 7,
          .model = "fraud/charge",
          .tag = "production",
          .revision = 3,
          .kind = EventKind::kPromote,
          .old_digest = "sha256:aa",
          .new_digest = "sha256:bb",
          .old_version = 1,
          .new_version = 2,
          .actor = "ada",
          .reason = "wider \"trees\"",
          .report_id = "r",
          .forced = false,
          .policy = "",
          .at = 1793491200000000,
          .prev_hash = std::string(kNoHash),
          .hash = ""};
}

// Frozen: a registry that was written years ago must still verify.
TEST(EventHash, IsTheSha256OfThePreviousHashAndTheCanonicalJson) {
  const std::string text =
      std::string(kNoHash) +
      R"({"actor":"ada","at":1793491200000000,"forced":false,"kind":"promote",)"
      R"("model":"fraud/charge","new_digest":"sha256:bb","new_version":2,)"
      R"("old_digest":"sha256:aa","old_version":1,"policy":"","reason":"wider \"trees\"",)"
      R"("report_id":"r","revision":3,"seq":7,"tag":"production"})";
  EXPECT_EQ(event_hash(event()), to_hex(sha256(text)));
}

TEST(EventHash, ChangesWithEveryField) {
  const std::vector<std::function<void(TagEvent&)>> changes{
      [](TagEvent& e) { ++e.seq; },
      [](TagEvent& e) { e.model += "x"; },
      [](TagEvent& e) { e.tag += "x"; },
      [](TagEvent& e) { ++e.revision; },
      [](TagEvent& e) { e.kind = EventKind::kRollBack; },
      [](TagEvent& e) { e.old_digest += "x"; },
      [](TagEvent& e) { e.new_digest += "x"; },
      [](TagEvent& e) { ++e.old_version; },
      [](TagEvent& e) { ++e.new_version; },
      [](TagEvent& e) { e.actor += "x"; },
      [](TagEvent& e) { e.reason += "x"; },
      [](TagEvent& e) { e.report_id += "x"; },
      [](TagEvent& e) { e.forced = true; },
      [](TagEvent& e) { e.policy += "x"; },
      [](TagEvent& e) { ++e.at; },
      [](TagEvent& e) { e.prev_hash[0] = '1'; },
  };
  const auto before = event_hash(event());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto changed = event();
    changes[i](changed);
    EXPECT_NE(event_hash(changed), before) << "change " << i;
  }
  auto rehashed = event();
  rehashed.hash = "anything";
  EXPECT_EQ(event_hash(rehashed), before);  // the hash is not part of what it covers
}

TEST(EventKind, HasANameThatReadsBack) {
  for (const auto kind : {EventKind::kSet, EventKind::kPromote, EventKind::kRollBack,
                          EventKind::kDelete, EventKind::kPolicy}) {
    EXPECT_EQ(parse_event_kind(event_kind_name(kind)), kind);
  }
  EXPECT_EQ(event_kind_name(EventKind::kRollBack), "roll_back");
  EXPECT_EQ(parse_event_kind("rollback"), std::nullopt);
}

}  // namespace
}  // namespace bascule
