// SPDX-License-Identifier: Apache-2.0
// The reserve of memory: who holds it gets memory where the kernel gives none.
#include "supervisor/loop/memory_reserve.h"

#include "base/json.h"
#include "supervisor/control/call_budget.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <list>
#include <new>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace confinit {
namespace {

// The sanitizer's operator new asks no handler.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool has_new_handler = false;
#elif defined(__has_feature)
constexpr bool has_new_handler = !__has_feature(address_sanitizer);
#else
constexpr bool has_new_handler = true;
#endif

constexpr std::size_t piece = 1024;

using Pieces = std::list<std::string>;

// Takes pieces until operator new fails, or there are this many.
void take_pieces(Pieces& pieces, std::size_t most) {
    try {
        while (pieces.size() < most)
            pieces.emplace_back(piece, 'x');
    } catch (const std::bad_alloc&) {
        return;
    }
}

// All that the kernel still gives.
Pieces take_rest() {
    Pieces pieces;
    take_pieces(pieces, 100'000);
    return pieces;
}

// In a process of its own, to which the kernel gives no more memory.
bool holds_without_memory(bool (*check)()) {
    if (!has_new_handler) return true;
    const pid_t child = fork();
    if (child == 0) {
        {
            const MemoryReserve filled;
        }
        const rlimit none{0, 0};
        (void)setrlimit(RLIMIT_AS, &none);
        _exit(check() ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = -1;
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

TEST_CASE("there is memory in the reserve when there is none elsewhere", "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Pieces others = take_rest();
        const MemoryReserve reserve;
        Pieces pieces;
        take_pieces(pieces, 500);
        return others.size() < 100'000 && pieces.size() == 500;
    }));
}

TEST_CASE("what is given back fills the reserve again", "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Pieces others = take_rest();
        for (int i = 0; i < 100; ++i) {
            const MemoryReserve reserve;
            Pieces pieces;
            take_pieces(pieces, 500);
            if (pieces.size() != 500) return false;
        }
        return true;
    }));
}

TEST_CASE("nothing begins that a quarter of the reserve is not left for", "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Pieces kept = take_rest();
        std::optional<MemoryReserve> reserve;
        reserve.emplace();
        const bool is_ample = is_reserve_ample();
        const std::size_t before = kept.size();
        take_pieces(kept, 100'000);
        reserve.reset();
        const bool is_used_up = kept.size() > before && is_ample && !is_reserve_ample();
        try {
            reserve.emplace();
        } catch (const std::bad_alloc&) {
            return is_used_up;
        }
        return false;
    }));
}

TEST_CASE("small things that are kept do not keep the reserve from being filled again",
          "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Pieces kept = take_rest();
        for (int i = 0; i < 16; ++i) {
            const MemoryReserve reserve;
            Pieces pieces;
            take_pieces(pieces, 400);
            kept.push_back(std::move(pieces.front()));
        }
        const MemoryReserve reserve;
        return is_reserve_ample();
    }));
}

TEST_CASE("what is kept for others does not come out of the reserve", "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Pieces others = take_rest();
        const MemoryReserve reserve;
        const OutsideReserve outside;
        const std::size_t before = others.size();
        take_pieces(others, 100'000);
        return others.size() == before && is_reserve_ample();
    }));
}

TEST_CASE("a JSON value and a meter need no memory to end", "[supervisor][R1]") {
    CHECK(holds_without_memory([] {
        Json value = Json::object();
        for (int i = 0; i < 1000; ++i)
            value["units"].push_back({{"name", "web"}, {"problems", {"first", "second"}}});
        CallBudget budget;
        std::optional<CallMeter> meter;
        meter.emplace(&budget, 1000);
        Pieces others = take_rest();
        bool has_failed = false;
        try {
            Json never;
            never["a"]["b"] = Json::array({std::string(piece, 'x')});
        } catch (const std::bad_alloc&) {
            has_failed = true;
        }
        meter.reset();
        value = nullptr;
        return has_failed;
    }));
}

}  // namespace
}  // namespace confinit
