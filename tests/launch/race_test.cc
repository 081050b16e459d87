// SPDX-License-Identifier: Apache-2.0
// A hostile process of the host's that changes paths while launches go on. It does so for two
// seconds, or for as many as CONFINIT_RACE_SECONDS says.
#include "launch/spawn/explain_report.h"
#include "mount_unit.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit::testing {

namespace {

// Swaps two names for as long as it lives.
class Swapper {
public:
    Swapper(const std::string& one, const std::string& other) : process_(fork()) {
        REQUIRE(process_ >= 0);
        if (process_ > 0) return;
        constexpr unsigned exchange = 2;  // RENAME_EXCHANGE
        for (;;)
            (void)syscall(SYS_renameat2, -100, one.c_str(), -100, other.c_str(), exchange);
    }
    Swapper(const Swapper&) = delete;
    Swapper& operator=(const Swapper&) = delete;
    ~Swapper() {
        (void)kill(process_, SIGKILL);
        (void)waitpid(process_, nullptr, 0);
    }

private:
    pid_t process_;
};

std::chrono::seconds race_time() {
    const char* text = std::getenv("CONFINIT_RACE_SECONDS");
    return std::chrono::seconds{text != nullptr ? std::atoi(text) : 2};
}

}  // namespace

TEST_CASE("a target that is swapped by a link during launches is met or refused, never another",
          "[launch][X7]") {
    const TestDirectory directory;
    directory.make_directory("real/t");
    directory.make_directory("outside/t");
    directory.make_file("file", "text");
    const std::string real = directory / "real";
    const std::string target = real + "/t";
    const std::string outside = directory / "outside";
    const std::string link = directory / "link";
    REQUIRE(symlink(outside.c_str(), link.c_str()) == 0);
    const MountUnit unit{{"mount:" + target, "mount:" + outside + "/t", "read:" + target + "/f"},
                         "[mounts]\ntmpfs = ['" + target + "']\nbind = ['" + directory / "file" +
                             ":" + target + "/f']\n"};
    auto plan = unit.plan();
    // The look at what it was planned from would refuse most of them before.
    plan.witnesses.clear();
    int met = 0;
    int refused = 0;

    const auto end = std::chrono::steady_clock::now() + race_time();
    const Swapper swapper{real, link};
    while (std::chrono::steady_clock::now() < end || met == 0 || refused == 0) {
        REQUIRE(std::chrono::steady_clock::now() < end + std::chrono::seconds{60});
        Launch launch{plan};
        launch.finish();
        if (launch.failed) {
            const int error = launch.failed->error;
            INFO(explain(plan, *launch.failed).text());
            REQUIRE((error == ELOOP || error == EAGAIN || error == ENOENT));
            REQUIRE(launch.output.empty());
            ++refused;
            continue;
        }
        REQUIRE(launch["mount:" + outside + "/t"] == "none");
        ++met;
    }

    CHECK(met > 0);
    CHECK(refused > 0);
    CHECK_FALSE(exists(outside + "/t/f"));
}

}  // namespace confinit::testing
