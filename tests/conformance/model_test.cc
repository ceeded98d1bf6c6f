// Models and versions: every backend.

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "fixture.h"

namespace bascule::conformance {
namespace {

class Models : public CatalogTest {};
INSTANTIATE_TEST_SUITE_P(Every, Models, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Models, KeepEveryFieldAcrossARestart) {
  ModelSpec spec = spec_of("nlp/intent");
  spec.kind = "classes";
  spec.owner = "support \xc3\xa4";
  spec.label_window_days = 90;
  spec.key_column = "id";
  spec.entity_column = "card";
  spec.amount_column = "amount";
  spec.time_column = "at";
  spec.segments = {"country", "channel \"x\""};
  spec.ignore_extra_columns = true;
  spec.protected_tags = {"production", "candidate/next"};
  spec.policy = R"({ "threshold": 0.5, "a": 1 })";
  spec.settings = R"({"retention_days": 30})";
  need(catalog().create_model(spec, "grace"));
  reopen();
  const auto model = need(catalog().get_model("nlp/intent"));
  EXPECT_EQ(model.spec.kind, "classes");
  EXPECT_EQ(model.spec.owner, spec.owner);
  EXPECT_EQ(model.spec.label_window_days, 90);
  EXPECT_EQ(model.spec.key_column, "id");
  EXPECT_EQ(model.spec.entity_column, "card");
  EXPECT_EQ(model.spec.amount_column, "amount");
  EXPECT_EQ(model.spec.time_column, "at");
  EXPECT_EQ(model.spec.segments, spec.segments);
  EXPECT_TRUE(model.spec.ignore_extra_columns);
  EXPECT_EQ(model.spec.protected_tags, spec.protected_tags);
  EXPECT_EQ(model.spec.policy, R"({"a":1,"threshold":0.5})");  // canonical
  EXPECT_EQ(model.spec.settings, R"({"retention_days":30})");
  EXPECT_EQ(model.policy_revision, 1);
  EXPECT_EQ(model.policy_id, digest_text(sha256(model.spec.policy)));
  EXPECT_EQ(model.created_by, "grace");
  EXPECT_EQ(model.created_at, kStart);
}

TEST_P(Models, AreCreatedOnce) {
  need(catalog().create_model(spec_of(kModel), "ada"));
  auto other = spec_of(kModel);
  other.owner = "thieves";
  EXPECT_EQ(code_of(catalog().create_model(other, "eve")), Code::kConflict);
  EXPECT_EQ(need(catalog().get_model(kModel)).spec.owner, "risk");
}

TEST_P(Models, AreRefusedWhenAFieldIsWrong) {
  const auto refused = [&](auto spoil) {
    auto spec = spec_of(kModel);
    spoil(spec);
    const auto created = catalog().create_model(spec, "ada");
    EXPECT_FALSE(created.has_value());
    return created ? Code::kInternal : created.error().code;
  };
  EXPECT_EQ(refused([](ModelSpec& s) { s.name = "charge"; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.kind = "maybe"; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.owner = ""; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.owner = "\xff"; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.label_window_days = -1; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.segments = {"a", "a"}; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.segments = {""}; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.protected_tags = {"v7"}; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.policy = "[]"; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.policy = "{"; }), Code::kInvalid);
  EXPECT_EQ(refused([](ModelSpec& s) { s.settings = R"({"a":1,"a":2})"; }), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().create_model(spec_of(kModel), "")), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().get_model(kModel)), Code::kNotFound);
}

TEST_P(Models, HoldAsMuchAsTheLimitsSayAndNoMore) {
  auto spec = spec_of(kModel);
  spec.owner = std::string(limits::kActorBytes, 'o');
  spec.label_window_days = limits::kLabelWindowDays;
  for (std::size_t i = 0; i < limits::kSegments; ++i) {
    spec.segments.push_back(fmt::format("{}", i));
  }
  need(catalog().create_model(spec, "ada"));
  spec.name = "fraud/other";
  auto beyond = spec;
  beyond.owner += "o";
  EXPECT_EQ(code_of(catalog().create_model(beyond, "ada")), Code::kTooLarge);
  beyond = spec;
  beyond.segments.emplace_back("one more");
  EXPECT_EQ(code_of(catalog().create_model(beyond, "ada")), Code::kTooLarge);
  beyond = spec;
  ++beyond.label_window_days;
  EXPECT_EQ(code_of(catalog().create_model(beyond, "ada")), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().list_models("", limits::kPageRows + 1)), Code::kInvalid);
  EXPECT_EQ(code_of(catalog().list_models("", 0)), Code::kInvalid);
  EXPECT_EQ(need(catalog().list_models("", limits::kPageRows)).size(), 1U);
}

// Bytes, not an alphabet of some language: "a-b" < "a.b" < "a0" < "a_b" < "aa".
TEST_P(Models, AreListedInTheOrderOfTheirBytesPageByPage) {
  const std::array names{"m/a-b", "m/a.b", "m/a0", "m/a_b", "m/aa"};
  for (const auto i : {3, 0, 4, 2, 1}) {
    need(catalog().create_model(spec_of(names[i]), "ada"));
  }
  std::vector<std::string> seen;
  for (std::string after;;) {
    const auto page = need(catalog().list_models(after, 2));
    if (page.empty()) {
      break;
    }
    EXPECT_LE(page.size(), 2U);
    for (const auto& model : page) {
      seen.push_back(model.spec.name);
    }
    after = page.back().spec.name;
  }
  EXPECT_EQ(seen, std::vector<std::string>(names.begin(), names.end()));
}

TEST_P(Models, HaveASaltOfTheirOwnThatStays) {
  need(catalog().create_model(spec_of("a/a"), "ada"));
  need(catalog().create_model(spec_of("a/b"), "ada"));
  const auto salt = need(catalog().entity_salt("a/a"));
  EXPECT_EQ(salt.size(), 32U);
  EXPECT_NE(salt, need(catalog().entity_salt("a/b")));
  reopen();
  EXPECT_EQ(need(catalog().entity_salt("a/a")), salt);
  EXPECT_EQ(code_of(catalog().entity_salt("a/c")), Code::kNotFound);
}

TEST_P(Models, SayHowToCreateThemWhenTheyAreMissing) {
  const auto version = catalog().add_version(push_of(kModel, 1));
  EXPECT_EQ(code_of(version), Code::kNotFound);
  EXPECT_NE(version.error().message.find("bascule create fraud/charge"), std::string::npos);
}

class Versions : public CatalogTest {};
INSTANTIATE_TEST_SUITE_P(Every, Versions, testing::ValuesIn(catalog_backends()),
                         [](const auto& info) { return info.param.name; });

TEST_P(Versions, KeepEveryFieldAcrossARestart) {
  create_with_versions(2);
  reopen();
  const auto version = need(catalog().get_version(kModel, 2));
  EXPECT_EQ(version.model, kModel);
  EXPECT_EQ(version.number, 2);
  EXPECT_EQ(version.digest, digest_of(2));
  EXPECT_EQ(version.size_bytes, 1002);
  EXPECT_EQ(version.fingerprint, "fingerprint 2");
  EXPECT_EQ(version.summary, R"({"inputs":[]})");
  EXPECT_EQ(version.notes, "notes 2");
  EXPECT_EQ(version.pushed_by, "ada");
  EXPECT_EQ(version.pushed_at, kStart);
  EXPECT_EQ(need(catalog().find_version(kModel, digest_of(2))).number, 2);
}

TEST_P(Versions, AreTheSameWhenTheSameBytesArePushedAgain) {
  create_with_versions(2);
  auto again = push_of(kModel, 1);
  again.notes = "pushed again";
  EXPECT_EQ(need(catalog().add_version(again)).number, 1);
  EXPECT_EQ(need(catalog().get_version(kModel, 1)).notes, "notes 1");
  EXPECT_EQ(need(catalog().add_version(push_of(kModel, 3))).number, 3);  // no number was lost
}

TEST_P(Versions, AreNumberedForEachModel) {
  create_with_versions(2);
  need(catalog().create_model(spec_of("fraud/refund"), "ada"));
  EXPECT_EQ(need(catalog().add_version(push_of("fraud/refund", 2))).number, 1);
  EXPECT_EQ(code_of(catalog().find_version("fraud/refund", digest_of(1))), Code::kNotFound);
}

TEST_P(Versions, AreOfTheKindOfTheirModel) {
  create_with_versions(0);
  auto pushed = push_of(kModel, 1);
  pushed.kind = "number";
  EXPECT_EQ(code_of(catalog().add_version(pushed)), Code::kConflict);
  EXPECT_TRUE(need(catalog().list_versions(kModel, 0, 10)).empty());
}

TEST_P(Versions, AreRefusedWhenAFieldIsWrong) {
  create_with_versions(0);
  const auto refused = [&](auto spoil) {
    auto pushed = push_of(kModel, 1);
    spoil(pushed);
    return code_of(catalog().add_version(pushed));
  };
  EXPECT_EQ(refused([](NewVersion& v) { v.digest = "sha256:12"; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewVersion& v) { v.size_bytes = 0; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewVersion& v) { v.summary = "no JSON"; }), Code::kInvalid);
  EXPECT_EQ(refused([](NewVersion& v) { v.notes = std::string(limits::kNotesBytes + 1, 'n'); }),
            Code::kTooLarge);
  EXPECT_EQ(refused([](NewVersion& v) { v.pushed_by = ""; }), Code::kInvalid);
  auto longest = push_of(kModel, 1);
  longest.notes = std::string(limits::kNotesBytes, 'n');
  EXPECT_EQ(need(catalog().add_version(longest)).number, 1);
}

TEST_P(Versions, AreListedNewestFirstPageByPage) {
  create_with_versions(5);
  std::vector<std::int64_t> seen;
  for (std::int64_t before = 0;;) {
    const auto page = need(catalog().list_versions(kModel, before, 2));
    if (page.empty()) {
      break;
    }
    for (const auto& version : page) {
      seen.push_back(version.number);
    }
    before = page.back().number;
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{5, 4, 3, 2, 1}));
  EXPECT_EQ(code_of(catalog().get_version(kModel, 6)), Code::kNotFound);
  EXPECT_EQ(code_of(catalog().get_version(kModel, 0)), Code::kNotFound);
}

TEST_P(Versions, NameTheDigestsThatTheBlobStoreMustHold) {
  create_with_versions(3);
  need(catalog().create_model(spec_of("fraud/refund"), "ada"));
  need(catalog().add_version(push_of("fraud/refund", 2)));
  std::vector<std::string> expected{digest_of(1), digest_of(2), digest_of(3)};
  std::ranges::sort(expected);
  EXPECT_EQ(need(catalog().list_digests("", 10)), expected);
  EXPECT_EQ(need(catalog().list_digests(expected[0], 1)), std::vector<std::string>{expected[1]});
}

}  // namespace
}  // namespace bascule::conformance
