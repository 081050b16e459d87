// SPDX-License-Identifier: Apache-2.0
// FilesLook: what is known of a unit's files is not looked for again.
#include "supervisor/jobs/files_look.h"
#include "temporary_directory.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace confinit;

namespace {

class KnownUnit {
public:
    KnownUnit() {
        const std::string file = folder_.write("web.toml", "[service]\ncommand = ['/bin/true']\n");
        known_ = {.paths = {file}, .are_as_loaded = true};
        wait_until_old();
    }

    void write(const std::string& name) const { (void)folder_.write(name, ""); }

    // Until a change would show in the times of the files.
    void wait_until_old() {
        do {
            known_.stamp = stamp_now("web", "", directories_);
        } while (known_.stamp.is_young() || !known_.stamp.has_directories_of(known_.stamp));
    }

    UnchangedFiles look() const {
        const auto find_known = [this](const std::string&) {
            return std::optional{known_};
        };
        DiskReadings readings = look_at_files({{"web"}}, directories_, Vocabulary{}, find_known);
        REQUIRE(readings.unchanged.size() == 1);
        return readings.unchanged.at("web");
    }

    void set_not_read(std::vector<std::string> texts) { known_.not_read = std::move(texts); }

private:
    TemporaryDirectory folder_;
    std::vector<std::string> directories_{folder_.path()};
    KnownFiles known_;
};

}  // namespace

TEST_CASE("what lies beside a unit is looked for once while its directories are as they were",
          "[planner][N1]") {
    KnownUnit unit;
    CHECK(unit.look().not_read == std::vector<std::string>{});

    unit.set_not_read({"as it was told"});

    CHECK(unit.look().not_read == std::vector<std::string>{"as it was told"});
}

TEST_CASE("what has come beside a unit is found", "[planner][N1]") {
    KnownUnit unit;
    unit.set_not_read({});

    unit.write("web.conf");

    const UnchangedFiles found = unit.look();
    REQUIRE(found.not_read);
    REQUIRE(found.not_read->size() == 1);
    CHECK(found.not_read->front().find("web.conf") != std::string::npos);
}
