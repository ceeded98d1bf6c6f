// The history, policies, reports and serving states: every backend.

#include <algorithm>
#include <map>

#include "fixture.h"

namespace bascule::conformance {
namespace {

class History : public CatalogTest {
 protected:
  std::vector<std::int64_t> seqs(const HistoryQuery& query) {
    std::vector<std::int64_t> out;
    for (const auto& event : need(catalog().history(query))) {
      out.push_back(event.seq);
    }
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Every, History, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

using Seqs = std::vector<std::int64_t>;

TEST_P(History, IsCountedWithoutGapsAndPaged) {
  EXPECT_EQ(need(catalog().head_sequence()), 0);
  create_with_versions(2);                                      // 1: the policy
  set("a", 1);                                                  // 2
  need(catalog().create_model(spec_of("fraud/other"), "ada"));  // 3
  set("b", 1);                                                  // 4
  set("a", 2);                                                  // 5
  EXPECT_EQ(need(catalog().head_sequence()), 5);
  EXPECT_EQ(seqs({}), (Seqs{1, 2, 3, 4, 5}));
  EXPECT_EQ(seqs({.model = kModel}), (Seqs{1, 2, 4, 5}));
  EXPECT_EQ(seqs({.model = kModel, .tag = "a"}), (Seqs{2, 5}));
  EXPECT_EQ(seqs({.after_seq = 3}), (Seqs{4, 5}));
  EXPECT_EQ(seqs({.after_seq = 1, .limit = 2}), (Seqs{2, 3}));
  EXPECT_EQ(seqs({.limit = 2, .newest_first = true}), (Seqs{5, 4}));
  EXPECT_EQ(seqs({.before_seq = 4, .limit = 2, .newest_first = true}), (Seqs{3, 2}));
  EXPECT_EQ(seqs({.after_seq = 5}), Seqs{});
  EXPECT_EQ(code_of(catalog().history({.model = "fraud/none"})), Code::kNotFound);
  EXPECT_EQ(code_of(catalog().history({.limit = limits::kPageRows + 1})), Code::kInvalid);
}

TEST_P(History, LosesNoNumberToAChangeThatWasRefused) {
  create_with_versions(1);
  set("a", 1);
  auto stale = change_of("a", 1);
  stale.expected_revision = 9;
  EXPECT_EQ(code_of(catalog().change_tag(stale)), Code::kMoved);
  EXPECT_EQ(set("b", 1).seq, 3);
}

TEST_P(History, IsOneChainFromTheFirstEvent) {
  create_with_versions(2);
  set("a", 1);
  set("a", 2);
  const auto events = need(catalog().history({}));
  std::string hash(kNoHash);
  for (const auto& event : events) {
    EXPECT_EQ(event.prev_hash, hash);
    EXPECT_EQ(event.hash, event_hash(event));
    hash = event.hash;
  }
  reopen();
  const auto check = need(catalog().verify_history());
  EXPECT_EQ(check.events, 3);
  EXPECT_EQ(check.head_hash, hash);
}

TEST_P(History, HoldsEveryPolicy) {
  need(catalog().create_model(spec_of(kModel), "ada"));
  PolicyChange change{.model = kModel,
                      .policy = R"({"b":2, "a":1})",
                      .expected_revision = 1,
                      .actor = "grace",
                      .reason = "stricter"};
  const auto changed = need(catalog().set_policy(change));
  EXPECT_EQ(changed.kind, EventKind::kPolicy);
  EXPECT_EQ(changed.tag, "");
  EXPECT_EQ(changed.revision, 2);
  EXPECT_EQ(changed.policy, R"({"a":1,"b":2})");
  EXPECT_EQ(code_of(catalog().set_policy(change)), Code::kMoved);
  change.expected_revision.reset();
  EXPECT_EQ(need(catalog().set_policy(change)).seq, changed.seq);  // it is the same
  change.policy = "{\"a\":";
  EXPECT_EQ(code_of(catalog().set_policy(change)), Code::kInvalid);
  change.policy = "{}";
  EXPECT_EQ(need(catalog().set_policy(change)).revision, 3);

  const auto events = need(catalog().history({.model = kModel}));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].new_digest, events[1].old_digest);
  EXPECT_EQ(events[1].new_digest, events[2].old_digest);
  EXPECT_EQ(events[0].policy, "{}");
  EXPECT_EQ(need(catalog().get_model(kModel)).policy_revision, 3);
  need(catalog().verify_history());
}

// Random changes, with a map of what must be true beside them.
TEST_P(History, AgreesWithAModelOfItUnderRandomChanges) {
  create_with_versions(4);
  SeededRandom random(20261124);
  const auto draw = [&](unsigned n) {
    std::byte byte{};
    random.fill({&byte, 1});
    return static_cast<unsigned>(byte) % n;
  };
  struct State {
    std::int64_t version = 0;
    std::int64_t revision = 0;
  };
  std::map<std::string, State> expected;
  for (int step = 0; step < 150; ++step) {
    const auto tag = std::string(1, static_cast<char>('a' + draw(3)));
    State& state = expected[tag];
    auto change = change_of(tag, draw(5));
    if (draw(2) == 0) {
      change.expected_revision = draw(2) == 0 ? state.revision : state.revision + draw(3) - 1;
    }
    const bool matches = !change.expected_revision || *change.expected_revision == state.revision ||
                         (*change.expected_revision == 0 && state.version == 0);
    const auto changed = catalog().change_tag(change);
    if (!matches) {
      EXPECT_EQ(code_of(changed), Code::kMoved) << step;
    } else if (change.version == 0 && state.version == 0) {
      EXPECT_EQ(code_of(changed), Code::kNotFound) << step;
    } else {
      state.revision += change.version != state.version ? 1 : 0;
      state.version = change.version;
      EXPECT_EQ(need(changed).revision, state.revision) << step;
    }
    const auto now = catalog().get_tag(kModel, tag);
    EXPECT_EQ(now ? now->version : 0, state.version) << step;
  }
  need(catalog().verify_history());
}

class Reports : public CatalogTest {};
INSTANTIATE_TEST_SUITE_P(Every, Reports, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Reports, AreKeptOnceUnderTheHashOfWhatTheySay) {
  create_with_versions(2);
  NewReport report{.model = kModel,
                   .baseline_digest = digest_of(1),
                   .candidate_digest = digest_of(2),
                   .policy_id = digest_of(9),
                   .passed = true,
                   .body = R"({"auc":0.93})",
                   .created_by = "grace"};
  const auto added = need(catalog().add_report(report));
  EXPECT_EQ(added.id.size(), 64U);
  clock_.advance_us(1);
  report.created_by = "somebody else";
  EXPECT_EQ(need(catalog().add_report(report)).id, added.id);
  reopen();
  const auto kept = need(catalog().get_report(kModel, added.id));
  EXPECT_EQ(kept.model, kModel);
  EXPECT_EQ(kept.baseline_digest, digest_of(1));
  EXPECT_EQ(kept.candidate_digest, digest_of(2));
  EXPECT_EQ(kept.policy_id, digest_of(9));
  EXPECT_TRUE(kept.passed);
  EXPECT_EQ(kept.body, R"({"auc":0.93})");
  EXPECT_EQ(kept.created_by, "grace");
  EXPECT_EQ(kept.created_at, kStart);

  report.passed = false;
  EXPECT_NE(need(catalog().add_report(report)).id, added.id);
  const auto listed = need(catalog().list_reports(kModel, 10));
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_FALSE(listed[0].passed);  // newest first
  EXPECT_EQ(need(catalog().list_reports(kModel, 1)).size(), 1U);
}

TEST_P(Reports, AreFoundByTheStartOfTheirId) {
  create_with_versions(2);
  const auto id = report_on(1, 2);
  EXPECT_EQ(need(catalog().get_report(kModel, id.substr(0, 12))).id, id);
  EXPECT_EQ(code_of(catalog().get_report(kModel, id.substr(0, 11))), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().get_report(kModel, id + "0")), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().get_report(kModel, "%%%%%%%%%%%%")), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().get_report(kModel, std::string(12, '0'))), Code::kNotFound);
  need(catalog().create_model(spec_of("fraud/other"), "ada"));
  EXPECT_EQ(code_of(catalog().get_report("fraud/other", id)), Code::kNotFound);
}

TEST_P(Reports, AreRefusedWhenAFieldIsWrong) {
  create_with_versions(1);
  const auto refused = [&](auto spoil) {
    NewReport report{.model = kModel,
                     .baseline_digest = "",
                     .candidate_digest = digest_of(1),
                     .policy_id = digest_of(2),
                     .passed = true,
                     .body = "{}",
                     .created_by = "ada"};
    spoil(report);
    return code_of(catalog().add_report(report));
  };
  EXPECT_EQ(refused([](NewReport& r) { r.candidate_digest = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewReport& r) { r.baseline_digest = "v1"; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewReport& r) { r.policy_id = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewReport& r) { r.body = "passed"; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewReport& r) { r.model = "fraud/none"; }), Code::kNotFound);
  EXPECT_TRUE(need(catalog().list_reports(kModel, 10)).empty());
}

TEST_P(Reports, AndServingStatesAreTheLastThatAServerSaid) {
  create_with_versions(2);
  ServingState state{.server = "one",
                     .model = kModel,
                     .tag = "production",
                     .desired_digest = digest_of(2),
                     .actual_digest = digest_of(1),
                     .since = kStart,
                     .error = "golden row 3 differs"};
  ASSERT_TRUE(catalog().record_serving_state(state));
  state.server = "two";
  ASSERT_TRUE(catalog().record_serving_state(state));
  state.server = "one";
  state.actual_digest = digest_of(2);
  state.since = kStart + 1;
  state.error = "";
  ASSERT_TRUE(catalog().record_serving_state(state));
  reopen();
  const auto states = need(catalog().list_serving_states(kModel));
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].server, "one");
  EXPECT_EQ(states[0].tag, "production");
  EXPECT_EQ(states[0].desired_digest, digest_of(2));
  EXPECT_EQ(states[0].actual_digest, digest_of(2));
  EXPECT_EQ(states[0].since, kStart + 1);
  EXPECT_EQ(states[0].error, "");
  EXPECT_EQ(states[1].server, "two");
  EXPECT_EQ(states[1].error, "golden row 3 differs");
  state.model = "fraud/none";
  EXPECT_EQ(code_of(catalog().record_serving_state(state)), Code::kNotFound);
  state.model = kModel;
  state.server = "";
  EXPECT_EQ(code_of(catalog().record_serving_state(state)), Code::kInvalid);
}

}  // namespace
}  // namespace bascule::conformance
