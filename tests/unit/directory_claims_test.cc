// SPDX-License-Identifier: Apache-2.0
// DirectoryClaims: a runtime directory goes with the last unit that uses it.
#include "supervisor/units/directory_claims.h"

#include <catch2/catch.hpp>

using namespace confinit;

namespace {

using Paths = std::vector<std::string>;

TEST_CASE("what was refused stays when the next attempt does without it", "[H16][N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a", "/run/others"}));
    claims.refuse(Paths{"/run/others"});
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a"}));

    CHECK(claims.release("one") == Paths{"/run/a"});
}

}  // namespace

TEST_CASE("a directory of two units goes with the second one", "[N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/shared", "/run/one"}));
    REQUIRE_FALSE(claims.claim("two", Paths{"/run/shared"}));

    CHECK(claims.release("one") == Paths{"/run/one"});
    CHECK(claims.release("two") == Paths{"/run/shared"});
    CHECK(claims.release("two").empty());
}

TEST_CASE("a directory stays while somebody uses one in it", "[N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("outer", Paths{"/run/a"}));
    REQUIRE_FALSE(claims.claim("inner", Paths{"/run/a/b"}));
    REQUIRE_FALSE(claims.claim("other", Paths{"/run/a-b"}));

    CHECK(claims.release("outer").empty());
    CHECK(claims.release("inner") == Paths{"/run/a", "/run/a/b"});
}

TEST_CASE("a directory that a unit was refused is not its to remove", "[N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a", "/run/others"}));
    CHECK(claims.release("one", Paths{"/run/others"}) == Paths{"/run/a"});

    REQUIRE_FALSE(claims.claim("two", Paths{"/run/b"}));
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/b"}));
    CHECK(claims.release("one", Paths{"/run/b"}).empty());
    CHECK(claims.release("two") == Paths{"/run/b"});
}

TEST_CASE("nobody gets a directory that is being removed", "[N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a"}));
    const Paths going = claims.release("one");

    CHECK(claims.claim("two", Paths{"/run/a/b"}) == "/run/a/b");
    CHECK(claims.claim("two", Paths{"/run/a"}) == "/run/a");
    CHECK_FALSE(claims.claim("three", Paths{"/run/ab"}));
    claims.removed(going);
    CHECK_FALSE(claims.claim("two", Paths{"/run/a"}));
    CHECK(claims.release("two") == Paths{"/run/a"});
}

TEST_CASE("a unit that starts anew keeps what it has, and no more", "[N14]") {
    DirectoryClaims claims;
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a", "/run/b"}));
    REQUIRE_FALSE(claims.claim("one", Paths{"/run/a"}));

    CHECK(claims.release("one") == Paths{"/run/a", "/run/b"});
}
