#include "package/model_name.h"

#include <gtest/gtest.h>

#include <string>

namespace bascule {
namespace {

TEST(ModelName, HasTwoSegments) {
  const std::string longest(63, 'a');
  for (const std::string& good : {std::string("fraud/charge"), std::string("a/b"),
                                  std::string("9-x.y_z/0"), longest + "/" + longest}) {
    EXPECT_TRUE(is_model_name(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("fraud"), std::string("/"), std::string("a/"), std::string("/b"),
        std::string("a/b/c"), std::string("A/b"), std::string("a/.b"), std::string("a/b-"),
        std::string("a../b"), std::string("x..y/b"), std::string("../b"), std::string("a b/c"),
        longest + "a/b", std::string("a/b\0", 4), std::string("a/\xc3\xa9")}) {
    EXPECT_FALSE(is_model_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace bascule
