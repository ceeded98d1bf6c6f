// The whole road inside one process: push, tag, score, shadow, label, report, promote, roll back.

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "house.h"

namespace bascule {
namespace {

const TinyLogistic kFlat{.columns = {"amount", "age"}, .weights = {0.1, 0.0}, .notes = "flat"};
const TinyLogistic kGood{.columns = {"amount", "age"}, .weights = {2.0, -0.5}, .notes = "good"};
const TinyLogistic kWider{
    .columns = {"amount", "age", "velocity"}, .weights = {2.0, -0.5, 1.0}, .notes = "wider"};

class Road : public testing::Test {
 protected:
  // v1 in production, v2 as candidate.
  void start(const TinyLogistic& production, const TinyLogistic& candidate) {
    house.create();
    ASSERT_TRUE(house.tag("production", house.push(production), 0));
    ASSERT_TRUE(house.tag("candidate/good", house.push(candidate)));
  }

  // Rows whose label follows what kGood looks at, under keys k0, k1, ...
  void score_and_label(std::size_t count, const std::vector<std::string>& names) {
    std::vector<LabelRecord> labels;
    for (std::size_t i = 0; i < count; ++i) {
      const double amount = static_cast<double>(i % 10) - 4.5;
      std::vector<double> row{amount, static_cast<double>(i % 7)};
      row.resize(names.size(), 0.25);
      RowBatch batch = house.batch(names, {row});
      batch.envelope(0).key = "k" + std::to_string(i);
      batch.envelope(0).entity = "card" + std::to_string(i % 50);
      house.score(std::move(batch));
      LabelRecord label;
      label.key = "k" + std::to_string(i);
      label.value = 2.0 * amount > 0.5 * static_cast<double>(i % 7) && i % 9 != 0 ? 1.0 : 0.0;
      labels.push_back(label);
    }
    ASSERT_TRUE(house.lifecycle.add_labels(kModel, labels));
  }

  Result<MadeReport> report() {
    return house.lifecycle.report({.model = kModel,
                                   .candidate_tag = "candidate/good",
                                   .since = {},
                                   .until = {},
                                   .actor = "ben"});
  }

  Result<Moved> promote(const std::string& report_id = {}, bool force = false,
                        const std::string& reason = {}) {
    const auto now = house.catalog->get_tag(kModel, "production");
    return house.lifecycle.promote({.model = kModel,
                                    .candidate_tag = "candidate/good",
                                    .report_id = report_id,
                                    .expected_revision = now->revision,
                                    .actor = "ben",
                                    .reason = reason,
                                    .force = force,
                                    .dry_run = false});
  }

  std::int64_t production() { return house.live.find(kModel)->production->live->version; }

  TemporaryFolder folder;
  House house{folder.path()};
};

TEST_F(Road, LeadsFromPushToPromotionAndBack) {
  start(kFlat, kGood);
  score_and_label(400, {"amount", "age"});
  const auto made = report();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->report.rows, 400U);
  EXPECT_EQ(made->report.labelled, 400U);
  EXPECT_TRUE(made->report.passed) << made->text;

  const auto moved = promote(made->id);
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(moved->from_version, 1);
  EXPECT_EQ(production(), 2);

  const auto back = house.lifecycle.roll_back({.model = kModel,
                                               .to = {},
                                               .expected_revision = {},
                                               .actor = "carl",
                                               .reason = "pager",
                                               .dry_run = false});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(production(), 1);

  const auto history = house.catalog->history({.model = kModel, .tag = "production"});
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 3U);
  EXPECT_EQ((*history)[1].kind, EventKind::kPromote);
  EXPECT_EQ((*history)[1].report_id, made->id);
  EXPECT_EQ((*history)[2].kind, EventKind::kRollBack);
  EXPECT_EQ((*history)[2].reason, "pager");
  EXPECT_TRUE(house.catalog->verify_history());
}

TEST_F(Road, RefusesAPromotionWithoutAReport) {
  start(kFlat, kGood);
  const auto moved = promote();
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, Code::kConflict);
  EXPECT_NE(moved.error().message.find("bascule report fraud/charge:candidate/good"),
            std::string::npos);
  EXPECT_EQ(production(), 1);
}

TEST_F(Road, RefusesAPromotionOnAFailingReport) {
  start(kGood, kFlat);
  score_and_label(15, {"amount", "age"});
  const auto made = report();
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->report.passed);
  EXPECT_EQ(promote(made->id).error().code, Code::kConflict);
}

TEST_F(Road, RefusesAReportOnOtherDigestsOrAnOlderPolicy) {
  start(kFlat, kGood);
  score_and_label(400, {"amount", "age"});
  const auto made = report();
  ASSERT_TRUE(made && made->report.passed);
  ASSERT_TRUE(house.lifecycle.set_policy({.model = kModel,
                                          .policy = R"({"threshold":0.6,"min_labelled":20})",
                                          .expected_revision = {},
                                          .actor = "ben",
                                          .reason = "stricter"}));
  EXPECT_NE(promote(made->id).error().message.find("older policy"), std::string::npos);

  const std::int64_t third = house.push(kWider);
  ASSERT_TRUE(house.tag("candidate/good", third));
  EXPECT_NE(promote(made->id).error().message.find("another candidate"), std::string::npos);
}

TEST_F(Road, ForcesOnlyWithAReason) {
  start(kFlat, kGood);
  EXPECT_EQ(promote({}, true).error().code, Code::kInvalid);
  ASSERT_TRUE(promote({}, true, "outage of the report"));
  EXPECT_TRUE(house.catalog->history({.model = kModel, .tag = "production"})->back().forced);
}

TEST_F(Road, MovesProductionByPromotionOnly) {
  start(kFlat, kGood);
  const auto now = house.catalog->get_tag(kModel, "production");
  EXPECT_EQ(house.tag("production", 2, now->revision).error().code, Code::kConflict);
}

TEST_F(Road, NoticesThatATagMovedInBetween) {
  start(kFlat, kGood);
  const auto stale = house.catalog->get_tag(kModel, "candidate/good")->revision;
  ASSERT_TRUE(house.tag("candidate/good", 1, stale));
  EXPECT_EQ(house.tag("candidate/good", 2, stale).error().code, Code::kMoved);
}

TEST_F(Road, GivesTheSameBytesTheSameVersion) {
  house.create();
  const auto first = house.lifecycle.push(kModel, tiny_logistic_package(kGood), "anna");
  const auto again = house.lifecycle.push(kModel, tiny_logistic_package(kGood), "ben");
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(first->created);
  EXPECT_FALSE(again->created);
  EXPECT_EQ(again->version.number, 1);
  EXPECT_EQ(again->version.pushed_by, "anna");
}

TEST_F(Road, KeepsTheRegistryCleanOfWhatDoesNotLoad) {
  house.create();
  auto bytes = tiny_logistic_package(kGood);
  bytes[bytes.size() / 2] ^= std::byte{1};
  EXPECT_EQ(house.lifecycle.push(kModel, bytes, "anna").error().code, Code::kInvalid);
  EXPECT_TRUE(house.catalog->list_versions(kModel, 0, 10)->empty());
  TinyLogistic other = kGood;
  other.model = "other/name";
  EXPECT_EQ(house.lifecycle.push(kModel, tiny_logistic_package(other), "anna").error().code,
            Code::kInvalid);
}

TEST_F(Road, SaysHowToCreateAModelThatIsNotThere) {
  const auto pushed = house.lifecycle.push("no/model", tiny_logistic_package(kGood), "anna");
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::kNotFound);
  EXPECT_NE(pushed.error().message.find("bascule create no/model"), std::string::npos);
}

TEST_F(Road, ScoresACandidateThatNeedsAColumnCallersDoNotSend) {
  start(kFlat, kWider);
  house.score(house.batch({"amount", "age"}, {{1.0, 2.0}}));
  house.score(house.batch({"amount", "age", "velocity"}, {{1.0, 2.0, 3.0}}));
  house.shadow.drain();
  const auto entries = house.log->query({.model = kModel, .key = {}});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].shadows.at(0).status, ShadowStatus::kOk);
  EXPECT_EQ(*(*entries)[0].shadows.at(0).score, tiny_logistic_score(kWider, {1.0, 2.0, 3.0}));
  EXPECT_EQ((*entries)[1].shadows.at(0).status, ShadowStatus::kMissingFeature);
  EXPECT_EQ(*(*entries)[1].score.score, tiny_logistic_score(kFlat, {1.0, 2.0}));
}

TEST_F(Road, LeavesTheNeighboursOfABadRowAlone) {
  start(kGood, kFlat);
  RowBatch batch = house.batch({"amount", "age"}, {{1.0, 2.0}, {HUGE_VAL, 2.0}, {3.0, 4.0}});
  auto set = house.live.find(kModel);
  const Answer answer =
      house.answerer.answer(*set, *set->production, batch, 0, /*shows_event_ids=*/true);
  EXPECT_EQ(batch.bad_count(), 1U);
  ASSERT_NE(batch.bad(1), nullptr);
  EXPECT_EQ(batch.bad(1)->column, "amount");
  EXPECT_EQ(answer.scored.score[0], tiny_logistic_score(kGood, {1.0, 2.0}));
  EXPECT_EQ(answer.scored.score[2], tiny_logistic_score(kGood, {3.0, 4.0}));
}

TEST_F(Road, NamesTheSameEventForTheSameKeyAndRow) {
  start(kGood, kFlat);
  auto set = house.live.find(kModel);
  const auto event_of = [&](double amount) {
    RowBatch batch = house.batch({"amount", "age"}, {{amount, 2.0}});
    batch.envelope(0).key = "ch_1";
    return house.answerer.answer(*set, *set->production, batch, 0, /*shows_event_ids=*/true)
        .event_ids[0];
  };
  EXPECT_EQ(event_of(1.0), event_of(1.0));
  EXPECT_NE(event_of(1.0), event_of(1.5));
  EXPECT_EQ(event_of(1.0).size(), 36U);
}

TEST_F(Road, LogsANullAsANullAndAnAbsentColumnNotAtAll) {
  start(kFlat, kWider);
  RowBatch batch = house.batch({"amount", "age"}, {{1.0, 2.0}});
  const Digest absent = batch.row_hash(0);
  EXPECT_EQ(batch.features_json(0), R"({"age":2,"amount":1})");
  batch.set_null(0, batch.columns().find("velocity").value());
  EXPECT_EQ(batch.features_json(0), R"({"age":2,"amount":1,"velocity":null})");
  EXPECT_EQ(batch.row_hash(0), absent);  // the same event
}

TEST_F(Road, KeepsTheRowsHashWithAndWithoutAKey) {
  start(kFlat, kGood);
  RowBatch keyed = house.batch({"amount", "age"}, {{1.0, 2.0}});
  keyed.envelope(0).key = "ch_1";
  const Digest hash = keyed.row_hash(0);
  house.score(std::move(keyed));
  house.score(house.batch({"amount", "age"}, {{1.0, 2.0}}));
  house.shadow.drain();
  const auto entries = house.log->query({.model = kModel, .key = {}});
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  for (const LogEntry& entry : *entries) {
    EXPECT_EQ(entry.score.row_hash, hash);
  }
}

TEST_F(Road, AnswersEveryRequestFromOneVersionWhileTagsMove) {
  start(kFlat, kGood);
  const double flat = tiny_logistic_score(kFlat, {1.0, 2.0});
  const double good = tiny_logistic_score(kGood, {1.0, 2.0});
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> answers = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      SeededRandom random(1);
      LiveModels::Cache cache(house.live);
      Answerer answerer(house.shadow, house.clock, random);
      while (!stop) {
        const auto set = cache.find(kModel);
        RowBatch batch(set->columns, 1);
        batch.set_number(0, set->columns->find("amount").value(), 1.0);
        batch.set_number(0, set->columns->find("age").value(), 2.0);
        const Answer answer =
            answerer.answer(*set, *set->production, batch, 0, /*shows_event_ids=*/true);
        const double expected = answer.tag->live->version == 1 ? flat : good;
        if (batch.bad_count() > 0 || answer.scored.score[0] != expected) {
          ++wrong;
        }
        ++answers;
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(promote({}, true, "swap"));
    EXPECT_TRUE(house.lifecycle.roll_back({.model = kModel,
                                           .to = 1,
                                           .expected_revision = {},
                                           .actor = "ben",
                                           .reason = "swap",
                                           .dry_run = false}));
  }
  while (answers < 1000) {
    std::this_thread::yield();
  }
  stop = true;
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(Road, DropsAndCountsWhenTheShadowIsFull) {
  TemporaryFolder other;
  House small(other.path(), {.rows = 4, .bytes = 1 << 20});
  small.create();
  ASSERT_TRUE(small.tag("production", small.push(kGood), 0));
  const std::vector<std::vector<double>> rows(5, {1.0, 2.0});
  small.score(small.batch({"amount", "age"}, rows));
  small.shadow.drain();
  EXPECT_EQ(small.shadow.counts().log_dropped, 5);
  EXPECT_EQ(small.shadow.counts().logged, 0);
}

TEST_F(Road, StartsAgainWithWhatTheTagsSay) {
  {
    TemporaryFolder data;
    {
      House before(data.path());
      before.create();
      ASSERT_TRUE(before.tag("production", before.push(kGood), 0));
    }
    House after(data.path());
    ASSERT_TRUE(after.host.start());
    EXPECT_EQ(after.score(after.batch({"amount", "age"}, {{1.0, 2.0}}))[0],
              tiny_logistic_score(kGood, {1.0, 2.0}));
  }
}

TEST_F(Road, KeepsAnsweringWhenAVersionCannotBeLoaded) {
  start(kFlat, kGood);
  const auto digest = house.catalog->get_version(kModel, 2)->digest;
  ASSERT_TRUE(house.tag("candidate/good", 1));
  ASSERT_TRUE(house.blobs->remove(digest));
  const auto moved = house.tag("candidate/good", 2);
  ASSERT_FALSE(moved);
  EXPECT_EQ(house.catalog->get_tag(kModel, "candidate/good")->version, 1);
  EXPECT_EQ(production(), 1);
}

}  // namespace
}  // namespace bascule
