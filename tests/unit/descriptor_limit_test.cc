// SPDX-License-Identifier: Apache-2.0
// The descriptors that are spared: what is made while they are fails in time, what comes after it
// has them.
#include "kernel/descriptor_limit.h"

#include "base/fd.h"
#include "base/file.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <vector>

namespace confinit {

namespace {

// Gives back the limits that it found.
class SmallLimit {
public:
    explicit SmallLimit(rlim64_t soft) {
        REQUIRE(getrlimit64(RLIMIT_NOFILE, &before_) == 0);
        const rlimit64 small{soft, before_.rlim_max};
        REQUIRE(setrlimit64(RLIMIT_NOFILE, &small) == 0);
    }
    SmallLimit(const SmallLimit&) = delete;
    SmallLimit& operator=(const SmallLimit&) = delete;
    ~SmallLimit() { (void)setrlimit64(RLIMIT_NOFILE, &before_); }

private:
    rlimit64 before_{};
};

// As many as there are to be had.
std::vector<Fd> open_all() {
    std::vector<Fd> all;
    for (;;) {
        auto opened = open_at(AT_FDCWD, "/dev/null", O_RDONLY);
        if (!opened) {
            CHECK(opened.error().error == EMFILE);
            return all;
        }
        all.push_back(std::move(*opened));
    }
}

}  // namespace

TEST_CASE("what leaves descriptors alone leaves them to others", "[unit][N4][R9]") {
    const SmallLimit limit{400};
    std::optional<SparedDescriptors> spared{std::in_place};

    const std::vector<Fd> taken = open_all();
    spared.reset();
    const std::vector<Fd> rest = open_all();

    CHECK(taken.size() > 200);
    CHECK(rest.size() == SparedDescriptors::count);
}

TEST_CASE("of few descriptors no more than a quarter is spared", "[unit][N4]") {
    const SmallLimit limit{100};
    std::optional<SparedDescriptors> spared{std::in_place};

    const std::vector<Fd> taken = open_all();
    spared.reset();
    const std::vector<Fd> rest = open_all();

    CHECK(rest.size() == 25);
}

TEST_CASE("a limit is raised as far as it goes", "[unit][N4]") {
    const SmallLimit limit{100};
    rlimit64 own{};

    const auto raised = raise_descriptor_limit();

    REQUIRE(raised);
    REQUIRE(getrlimit64(RLIMIT_NOFILE, &own) == 0);
    CHECK(own.rlim_cur == *raised);
    CHECK(own.rlim_cur == own.rlim_max);
    CHECK(usual_descriptor_limits().rlim_cur == 1024);
}

}  // namespace confinit
