// Tags, the history and references: every backend.

#include <algorithm>

#include "fixture.h"

namespace bascule::conformance {
namespace {

class Tags : public CatalogTest {
 protected:
  Result<TagEvent> change(const std::string& tag, std::int64_t version,
                          std::optional<std::int64_t> expected) {
    auto change = change_of(tag, version);
    change.expected_revision = expected;
    return catalog().change_tag(change);
  }
  Result<TagEvent> promote(std::int64_t version, std::int64_t expected,
                           const std::string& report_id) {
    auto change = change_of("production", version);
    change.kind = EventKind::kPromote;
    change.expected_revision = expected;
    change.report_id = report_id;
    return catalog().change_tag(change);
  }
  Result<TagEvent> roll_back(std::int64_t version, std::int64_t expected) {
    auto change = change_of("production", version);
    change.kind = EventKind::kRollBack;
    change.expected_revision = expected;
    return catalog().change_tag(change);
  }
};
INSTANTIATE_TEST_SUITE_P(Every, Tags, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Tags, KeepEveryFieldAcrossARestart) {
  create_with_versions(2);
  clock_.advance_us(5);
  auto wanted = change_of("candidate/x", 2);
  wanted.actor = "grace";
  wanted.reason = "wider trees";
  wanted.report_id = "0123456789ab";
  wanted.forced = true;
  const auto event = need(catalog().change_tag(wanted));
  reopen();
  const auto tag = need(catalog().get_tag(kModel, "candidate/x"));
  EXPECT_EQ(tag.model, kModel);
  EXPECT_EQ(tag.name, "candidate/x");
  EXPECT_EQ(tag.version, 2);
  EXPECT_EQ(tag.digest, digest_of(2));
  EXPECT_EQ(tag.revision, 1);
  EXPECT_EQ(tag.seq, event.seq);
  EXPECT_FALSE(tag.is_protected);
  EXPECT_EQ(tag.moved_at, kStart + 5);
  EXPECT_EQ(tag.moved_by, "grace");

  const auto kept = need(catalog().history({.model = kModel, .tag = "candidate/x"})).at(0);
  EXPECT_EQ(kept.kind, EventKind::kSet);
  EXPECT_EQ(kept.revision, 1);
  EXPECT_EQ(kept.old_digest, "");
  EXPECT_EQ(kept.old_version, 0);
  EXPECT_EQ(kept.new_digest, digest_of(2));
  EXPECT_EQ(kept.new_version, 2);
  EXPECT_EQ(kept.actor, "grace");
  EXPECT_EQ(kept.reason, "wider trees");
  EXPECT_EQ(kept.report_id, "0123456789ab");
  EXPECT_TRUE(kept.forced);
  EXPECT_EQ(kept.at, kStart + 5);
  EXPECT_EQ(kept.hash, event.hash);
  EXPECT_EQ(kept.hash, event_hash(kept));
}

TEST_P(Tags, MoveOnlyFromTheRevisionThatWasSeen) {
  create_with_versions(3);
  set("candidate/x", 1);
  EXPECT_EQ(need(change("candidate/x", 2, 1)).revision, 2);
  const auto stale = change("candidate/x", 3, 1);
  EXPECT_EQ(code_of(stale), Code::kMoved);
  EXPECT_NE(stale.error().message.find("revision 2: v2"), std::string::npos)
      << stale.error().message;
  EXPECT_EQ(code_of(change("candidate/x", 3, 0)), Code::kMoved);
  EXPECT_EQ(code_of(change("candidate/x", 3, 7)), Code::kMoved);
  EXPECT_EQ(code_of(change("candidate/new", 3, 1)), Code::kMoved);
  EXPECT_EQ(need(catalog().get_tag(kModel, "candidate/x")).version, 2);
}

TEST_P(Tags, NeedARevisionWhenTheyAreProtected) {
  create_with_versions(2);
  const auto blind = change("production", 1, std::nullopt);
  EXPECT_EQ(code_of(blind), Code::kNeedsRevision);
  EXPECT_EQ(need(change("production", 1, 0)).revision, 1);
  EXPECT_TRUE(need(catalog().get_tag(kModel, "production")).is_protected);
  EXPECT_EQ(code_of(change("production", 2, std::nullopt)), Code::kNeedsRevision);
  EXPECT_EQ(code_of(change("production", 0, std::nullopt)), Code::kNeedsRevision);
  EXPECT_EQ(code_of(change("production", 2, 0)), Code::kMoved);
  EXPECT_EQ(need(change("production", 2, 1)).revision, 2);
}

TEST_P(Tags, AreProtectedAsTheModelSays) {
  auto spec = spec_of(kModel);
  spec.protected_tags = {"staging"};
  need(catalog().create_model(spec, "ada"));
  need(catalog().add_version(push_of(kModel, 1)));
  EXPECT_EQ(code_of(change("staging", 1, std::nullopt)), Code::kNeedsRevision);
  EXPECT_EQ(need(change("production", 1, std::nullopt)).revision, 1);
}

// A roll-back is a new event, so what was decided on the revision before it cannot pass, although
// the tag is at the same version again.
TEST_P(Tags, NeverComeBackToARevision) {
  create_with_versions(2);
  need(change("production", 1, 0));
  need(change("production", 2, 1));
  EXPECT_EQ(need(roll_back(1, 2)).revision, 3);
  EXPECT_EQ(code_of(change("production", 2, 1)), Code::kMoved);
}

TEST_P(Tags, GoOnCountingAfterTheyWereDeleted) {
  create_with_versions(2);
  set("candidate/x", 1);
  const auto deleted = remove("candidate/x");
  EXPECT_EQ(deleted.kind, EventKind::kDelete);
  EXPECT_EQ(deleted.revision, 2);
  EXPECT_EQ(deleted.old_version, 1);
  EXPECT_EQ(deleted.new_version, 0);
  EXPECT_EQ(deleted.new_digest, "");
  EXPECT_EQ(code_of(catalog().get_tag(kModel, "candidate/x")), Code::kNotFound);
  EXPECT_TRUE(need(catalog().list_tags(kModel, "", 10)).empty());
  EXPECT_EQ(code_of(change("candidate/x", 0, std::nullopt)), Code::kNotFound);
  EXPECT_EQ(code_of(change("candidate/x", 2, 1)), Code::kMoved);
  EXPECT_EQ(need(change("candidate/x", 2, 0)).revision, 3);
}

TEST_P(Tags, StayAsTheyAreWhenTheyAreThereAlready) {
  create_with_versions(1);
  const auto first = set("candidate/x", 1);
  auto again = change_of("candidate/x", 1);
  again.actor = "grace";
  EXPECT_EQ(need(catalog().change_tag(again)).seq, first.seq);
  EXPECT_EQ(need(catalog().get_tag(kModel, "candidate/x")).moved_by, "ada");
  EXPECT_EQ(need(catalog().head_sequence()), first.seq);
}

TEST_P(Tags, AreRefusedWhenAFieldIsWrong) {
  create_with_versions(1);
  const auto refused = [&](auto spoil) {
    auto wanted = change_of("candidate/x", 1);
    spoil(wanted);
    return code_of(catalog().change_tag(wanted));
  };
  EXPECT_EQ(refused([](TagChange& c) { c.tag = "latest"; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.model = "fraud/other"; }), Code::kNotFound);
  EXPECT_EQ(refused([](TagChange& c) { c.version = 2; }), Code::kNotFound);
  EXPECT_EQ(refused([](TagChange& c) { c.version = 0; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.kind = EventKind::kDelete; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.kind = EventKind::kPolicy; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.actor = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.reason = "\xc3"; }), Code::kInvalid);
  EXPECT_EQ(refused([](TagChange& c) { c.forced = true; }), Code::kInvalid);  // without a reason
  EXPECT_EQ(refused([](TagChange& c) { c.reason = std::string(limits::kReasonBytes + 1, 'r'); }),
            Code::kTooLarge);
  auto longest = change_of("candidate/x", 1);
  longest.reason = std::string(limits::kReasonBytes, 'r');
  EXPECT_EQ(need(catalog().change_tag(longest)).revision, 1);
}

TEST_P(Tags, AreListedByNamePageByPage) {
  create_with_versions(1);
  for (const auto* name : {"production", "candidate/b", "candidate/a", "blue"}) {
    need(change(name, 1, 0));
  }
  const auto first = need(catalog().list_tags(kModel, "", 3));
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].name, "blue");
  EXPECT_EQ(first[2].name, "candidate/b");
  const auto second = need(catalog().list_tags(kModel, first[2].name, 3));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name, "production");
  EXPECT_TRUE(second[0].is_protected);
  EXPECT_FALSE(first[0].is_protected);
}

TEST_P(Tags, ArePromotedOnlyOnAPassingReportOfExactlyTheseVersions) {
  create_with_versions(3);
  need(change("production", 1, 0));
  EXPECT_EQ(code_of(promote(2, 1, "")), Code::kConflict);
  EXPECT_EQ(code_of(promote(2, 1, std::string(64, '0'))), Code::kConflict);
  EXPECT_EQ(code_of(promote(2, 1, report_on(1, 3))), Code::kConflict);  // another candidate
  EXPECT_EQ(code_of(promote(2, 1, report_on(3, 2))), Code::kConflict);  // another baseline
  EXPECT_EQ(code_of(promote(2, 1, report_on(0, 2))), Code::kConflict);
  NewReport failed{.model = kModel,
                   .baseline_digest = digest_of(1),
                   .candidate_digest = digest_of(2),
                   .policy_id = need(catalog().get_model(kModel)).policy_id,
                   .passed = false,
                   .body = "{}",
                   .created_by = "ada"};
  EXPECT_EQ(code_of(promote(2, 1, need(catalog().add_report(failed)).id)), Code::kConflict);
  EXPECT_EQ(need(catalog().get_tag(kModel, "production")).version, 1);

  const auto report = report_on(1, 2);
  const auto promoted = need(promote(2, 1, report));
  EXPECT_EQ(promoted.kind, EventKind::kPromote);
  EXPECT_EQ(promoted.report_id, report);
  // The baseline is no longer what answers.
  EXPECT_EQ(code_of(promote(3, 2, report_on(1, 3))), Code::kConflict);
}

TEST_P(Tags, AreNotPromotedUnderAPolicyThatChanged) {
  create_with_versions(2);
  need(change("production", 1, 0));
  const auto report = report_on(1, 2);
  need(catalog().set_policy({.model = kModel,
                             .policy = R"({"min_labelled_rows":1000})",
                             .expected_revision = 1,
                             .actor = "ada",
                             .reason = "stricter"}));
  EXPECT_EQ(code_of(promote(2, 1, report)), Code::kConflict);
  EXPECT_EQ(need(promote(2, 1, report_on(1, 2))).new_version, 2);
}

TEST_P(Tags, AreNotPromotedOnAnotherModelsReport) {
  create_with_versions(2);
  need(change("production", 1, 0));
  need(catalog().create_model(spec_of("fraud/refund"), "ada"));
  NewReport report{.model = "fraud/refund",
                   .baseline_digest = digest_of(1),
                   .candidate_digest = digest_of(2),
                   .policy_id = need(catalog().get_model(kModel)).policy_id,
                   .passed = true,
                   .body = "{}",
                   .created_by = "ada"};
  EXPECT_EQ(code_of(promote(2, 1, need(catalog().add_report(report)).id)), Code::kConflict);
}

TEST_P(Tags, ArePromotedByForceWithAReasonThatStays) {
  create_with_versions(2);
  need(change("production", 1, 0));
  auto forced = change_of("production", 2);
  forced.kind = EventKind::kPromote;
  forced.expected_revision = 1;
  forced.forced = true;
  forced.reason = "the old one is on fire";
  need(catalog().change_tag(forced));
  const auto event = need(catalog().history({.newest_first = true})).at(0);
  EXPECT_TRUE(event.forced);
  EXPECT_EQ(event.reason, "the old one is on fire");
}

TEST_P(Tags, RollBackOnlyToWhereTheyWere) {
  create_with_versions(3);
  need(change("production", 1, 0));
  need(change("production", 2, 1));
  EXPECT_EQ(code_of(roll_back(3, 2)), Code::kConflict);
  EXPECT_EQ(need(roll_back(1, 2)).kind, EventKind::kRollBack);
  const auto history = need(catalog().history({.model = kModel, .tag = "production"}));
  EXPECT_EQ(roll_back_target(history), std::nullopt);
}

class References : public CatalogTest {};
INSTANTIATE_TEST_SUITE_P(Every, References, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(References, MeanAVersionADigestOrATag) {
  create_with_versions(3);
  auto change = change_of("production", 2);
  change.expected_revision = 0;
  need(catalog().change_tag(change));
  set("candidate/x", 3);
  EXPECT_EQ(resolve("fraud/charge"), 2);
  EXPECT_EQ(resolve("fraud/charge:candidate/x"), 3);
  EXPECT_EQ(resolve("fraud/charge@v1"), 1);
  EXPECT_EQ(resolve("fraud/charge@" + digest_of(3)), 3);
  EXPECT_EQ(resolve("fraud/charge:production@v2"), 2);
  EXPECT_EQ(resolve("fraud/charge:production@" + digest_of(2)), 2);
  EXPECT_EQ(resolve("fraud/charge@~0"), 2);
  const auto code = [&](const std::string& text) {
    return code_of(catalog().resolve(need(parse_reference(text))));
  };
  EXPECT_EQ(code("fraud/charge:production@v3"), Code::kMoved);
  EXPECT_EQ(code("fraud/charge:production@" + digest_of(3)), Code::kMoved);
  EXPECT_EQ(code("fraud/charge@v4"), Code::kNotFound);
  EXPECT_EQ(code("fraud/charge@" + digest_of(4)), Code::kNotFound);
  EXPECT_EQ(code("fraud/charge:candidate/y"), Code::kNotFound);
  EXPECT_EQ(code("fraud/other"), Code::kNotFound);
  EXPECT_EQ(code("fraud/charge@~1"), Code::kNotFound);
}

TEST_P(References, GoBackToWhatAnsweredBefore) {
  create_with_versions(3);
  set("t", 1);
  set("t", 2);
  remove("t");
  set("t", 3);
  EXPECT_EQ(resolve("fraud/charge:t@~0"), 3);
  EXPECT_EQ(resolve("fraud/charge:t@~1"), 2);
  EXPECT_EQ(resolve("fraud/charge:t@~2"), 1);
  EXPECT_EQ(code_of(catalog().resolve(need(parse_reference("fraud/charge:t@~3")))),
            Code::kNotFound);
  remove("t");
  EXPECT_EQ(resolve("fraud/charge:t@~1"), 3);
}

TEST_P(References, MeanWhatATagPointedAtThen) {
  create_with_versions(2);
  clock_.set_now_us(kStart + 1'000'000);
  set("t", 1);
  clock_.set_now_us(kStart + 2'000'000);
  set("t", 2);
  clock_.set_now_us(kStart + 3'000'000);
  remove("t");
  EXPECT_EQ(resolve("fraud/charge:t@{2026-11-01T00:00:01Z}"), 1);
  EXPECT_EQ(resolve("fraud/charge:t@{2026-11-01T00:00:01.999999Z}"), 1);
  EXPECT_EQ(resolve("fraud/charge:t@{2026-11-01T00:00:02Z}"), 2);
  for (const auto* pin :
       {"@{2026-11-01T00:00:00.999999Z}", "@{2026-11-01T00:00:03Z}", "@{2030-01-01T00:00:00Z}"}) {
    EXPECT_EQ(
        code_of(catalog().resolve(need(parse_reference(std::string("fraud/charge:t") + pin)))),
        Code::kNotFound)
        << pin;
  }
}

TEST_P(References, KeepTheirMeaningWhenTheClockIsSetBack) {
  create_with_versions(3);
  const auto first = set("t", 1);
  clock_.set_now_us(kStart - 3'600'000'000);
  const auto second = set("t", 2);
  const auto third = set("t", 3);
  EXPECT_EQ(second.at, first.at + 1);
  EXPECT_EQ(third.at, first.at + 2);
  EXPECT_EQ(resolve("fraud/charge:t@{" + format_time(first.at) + "}"), 1);
  EXPECT_EQ(resolve("fraud/charge:t@{" + format_time(second.at) + "}"), 2);
  EXPECT_EQ(resolve("fraud/charge:t@{" + format_time(third.at) + "}"), 3);
  need(catalog().verify_history());
}

}  // namespace
}  // namespace bascule::conformance
