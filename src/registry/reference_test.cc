#include "registry/reference.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "package/model_name.h"

namespace bascule {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string error_of(std::string_view text) {
  const auto parsed = parse_reference(text);
  if (parsed) {
    return "accepted as " + format_reference(*parsed);
  }
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  return parsed.error().message;
}

TEST(Reference, MeansProductionWithoutATag) {
  EXPECT_EQ(parse_reference("fraud/charge").value(),
            (Reference{.name = "fraud/charge", .tag = "production", .pin = {}}));
  EXPECT_EQ(parse_reference("fraud/charge@~1").value().tag, "production");
  EXPECT_EQ(parse_reference("fraud/charge@{2026-11-01T00:00:00Z}").value().tag, "production");
}

TEST(Reference, MeansNoTagWhenThePinSaysWhichVersion) {
  EXPECT_EQ(parse_reference("fraud/charge@v17").value(),
            (Reference{.name = "fraud/charge", .tag = "", .pin = VersionPin{17}}));
  EXPECT_EQ(parse_reference("fraud/charge@" + kDigest).value(),
            (Reference{.name = "fraud/charge", .tag = "", .pin = DigestPin{kDigest}}));
}

TEST(Reference, TakesEveryFormOfTheGrammar) {
  EXPECT_EQ(parse_reference("fraud/charge:candidate/wider-trees").value().tag,
            "candidate/wider-trees");
  EXPECT_EQ(parse_reference("fraud/charge:production@v1").value(),
            (Reference{.name = "fraud/charge", .tag = "production", .pin = VersionPin{1}}));
  EXPECT_EQ(parse_reference("fraud/charge:production@{2026-11-01T01:00:00+01:00}").value().pin,
            Pin(TimePin{1793491200000000}));
  EXPECT_EQ(parse_reference("a/b:c@~0").value().pin, Pin(BackPin{0}));
  EXPECT_EQ(parse_reference("0/9.x_y-z").value().name, "0/9.x_y-z");
  // Only the whole tag is compared with what versions and digests look like.
  for (const auto* tag : {"candidate/v2", "v2/x", "v2a", "v", "latest/x", "abcdef01234", "2024",
                          "abcdef012345/x", "abcdef01234g"}) {
    EXPECT_TRUE(check_tag_name(tag)) << tag;
  }
}

TEST(Reference, FormatsToTheTextThatParsesToTheSame) {
  for (const std::string& pin :
       {std::string(), std::string("@v17"), "@" + kDigest, std::string("@~12"),
        std::string("@{2026-11-01T00:00:00.000001Z}")}) {
    for (const std::string name : {"fraud/charge", "a/b:c", "a/b:c/d"}) {
      const auto reference = parse_reference(name + pin).value();
      EXPECT_EQ(parse_reference(format_reference(reference)).value(), reference) << name << pin;
    }
  }
  EXPECT_EQ(format_reference(parse_reference("fraud/charge").value()), "fraud/charge:production");
}

TEST(Reference, RefusesNamesOutsideTheGrammar) {
  for (const auto* name :
       {"", "fraud", "/charge", "fraud/", "fraud/charge/x", "Fraud/charge", "fraud/char ge",
        "-fraud/charge", "fraud-/charge", "fraud/.charge", "fraud/a..b", "fraud/ch\xc3\xa4rge",
        "fraud//charge", "..", "../..", "fraud/_x", "fraud/x\n"}) {
    const auto status = check_model_name(name);
    ASSERT_FALSE(status) << name;
    EXPECT_NE(status.error().message.find("an example is fraud/charge"), std::string::npos);
  }
}

TEST(Reference, RefusesTagsOutsideTheGrammar) {
  for (const auto* tag : {"", "v7", "v007", "latest", "abcdef012345", "202611010000", "a/b/c", "A",
                          "a/", "/a", "a..b", "a@b", "a:b"}) {
    const auto status = check_tag_name(tag);
    ASSERT_FALSE(status) << tag;
    EXPECT_NE(status.error().message.find("candidate/wider-trees"), std::string::npos);
  }
}

TEST(Reference, TakesASegmentOf63CharactersAndNoMore) {
  const std::string longest(63, 'a');
  EXPECT_TRUE(check_model_name(longest + "/" + longest));
  EXPECT_FALSE(check_model_name("a/" + longest + "a"));
  EXPECT_TRUE(check_tag_name("x/" + longest));
  EXPECT_FALSE(check_tag_name("x/" + longest + "a"));
}

TEST(Reference, RefusesPinsOutsideTheGrammar) {
  for (const auto* pin : {"", "17", "v", "v0", "v-1", "v+1", "v01", "v9223372036854775808", "~",
                          "~-1", "~01", "{}", "{yesterday}", "{2026-11-01}", "sha256:", "v1 ",
                          "{2026-11-01T00:00:00Z", "sha512:00", "v1@v2"}) {
    const auto message = error_of(std::string("fraud/charge@") + pin);
    EXPECT_NE(message.find("expected"), std::string::npos) << pin << ": " << message;
  }
  std::string upper = "sha256:" + std::string(64, 'A');
  EXPECT_NE(error_of("fraud/charge@" + upper).find("digest"), std::string::npos);
  EXPECT_NE(error_of("fraud/charge@" + kDigest + "a").find("digest"), std::string::npos);
}

TEST(Reference, NamesTheThingTheRuleAndAnExample) {
  EXPECT_EQ(error_of("Fraud/charge"),
            "model name 'Fraud/charge': 'Fraud' has 'F' where only a-z, 0-9, '.', '_' and '-' may "
            "stand; an example is fraud/charge");
  EXPECT_EQ(error_of("fraud/charge:v7"),
            "tag 'v7': it reads like a version; examples are production and candidate/wider-trees");
  EXPECT_EQ(error_of("fraud/charge@17"),
            "pin '17': expected v17, sha256:<64 hex digits>, {2026-11-01T00:00:00Z} or ~1");
}

TEST(Reference, KeepsAHostileTextOutOfTheMessage) {
  const auto message = error_of("a/\x1b[31m" + std::string(100'000, 'x'));
  EXPECT_LT(message.size(), 1'000U);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

TEST(VersionSelector, TakesANumberAVersionADigestOrATag) {
  EXPECT_EQ(parse_version_selector("7").value(), VersionSelector(VersionPin{7}));
  EXPECT_EQ(parse_version_selector("v7").value(), VersionSelector(VersionPin{7}));
  EXPECT_EQ(parse_version_selector(kDigest).value(), VersionSelector(DigestPin{kDigest}));
  EXPECT_EQ(parse_version_selector("candidate/x").value(), VersionSelector(TagName{"candidate/x"}));
  EXPECT_EQ(parse_version_selector("very-new").value(), VersionSelector(TagName{"very-new"}));
  for (const auto* text : {"", "0", "v0", "latest", "sha256:1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_version_selector(text)) << text;
  }
}

// Texts of the grammar's own pieces: some are references, some nearly.
RC_GTEST_PROP(ReferenceProperty, ParsesWhatItFormatsToTheSame, ()) {
  const auto segment = rc::gen::element<std::string>("a", "b9", "v7", "x.y", "0-0", "..");
  const auto tag = rc::gen::element<std::string>("", ":t", ":t/u", ":v/7", ":v7", ":");
  const auto pin = rc::gen::element<std::string>("", "@v7", "@~2", "@{2026-11-01T00:00:00Z}",
                                                 "@sha256:" + std::string(64, '0'), "@", "@7");
  const auto text = *segment + "/" + *segment + *tag + *pin;
  const auto parsed = parse_reference(text);
  // The package library has the rule for names too, without words for what breaks it.
  const auto name = *segment + "/" + *segment;
  RC_ASSERT(check_model_name(name).has_value() == is_model_name(name));
  RC_CLASSIFY(parsed.has_value());
  if (parsed) {
    RC_ASSERT(parse_reference(format_reference(*parsed)).value() == *parsed);
  }
}

}  // namespace
}  // namespace bascule
