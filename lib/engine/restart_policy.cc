// SPDX-License-Identifier: Apache-2.0
// The restart policy: for ever, at growing intervals, until a run was long enough to be well.
#include "engine/restart_policy.h"

#include <algorithm>

namespace confinit::engine {
namespace {

constexpr Time delay_after_none{10'000};
constexpr Time first_release_delay{10'000};
constexpr Time longest_release_delay{1'000'000};

// `first` doubled `times` times, but not over `longest`.
Time doubled(Time first, unsigned times, Time longest) {
    Time delay = std::min(first, longest);
    for (unsigned i = 0; i < times && delay < longest; ++i) {
        delay = delay > longest / 2 ? longest : delay * 2;
    }
    return delay;
}

// FNV-1a over the seed, the name and the restart: spread enough, and the same in every run.
std::uint64_t scatter(const std::string& name, unsigned restart, std::uint64_t seed) {
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = (0xcbf29ce484222325 ^ seed) * prime;
    for (const char letter : name)
        hash = (hash ^ static_cast<unsigned char>(letter)) * prime;
    hash = (hash ^ restart) * prime;
    return hash ^ (hash >> 32);
}

Time grown_delay(const std::string& name, Time first, Time most, unsigned restart,
                 std::uint64_t seed) {
    const Time longest = std::max(first, most);
    const Time full = doubled(first, restart - 1, longest);
    const auto range = static_cast<std::uint64_t>(full.count() / 8) + 1;
    const Time early{static_cast<Time::rep>(scatter(name, restart, seed) % range)};
    return std::max(first, full - early);
}

// The second restart waits for delay_after_none, and the wait grows from there.
Time delay_without_pause(const UnitSpec& spec, unsigned restart, std::uint64_t seed) {
    if (restart <= 1 || spec.restart_max_delay == Time{0}) return Time{0};
    const Time first = std::min(delay_after_none, spec.restart_max_delay);
    return grown_delay(spec.name, first, spec.restart_max_delay, restart - 1, seed);
}

}  // namespace

Time restart_delay(const UnitSpec& spec, unsigned restart, std::uint64_t seed) {
    if (spec.restart_delay == Time{0}) return delay_without_pause(spec, restart, seed);
    return grown_delay(spec.name, spec.restart_delay, spec.restart_max_delay, restart, seed);
}

Time healthy_period(const UnitSpec& spec) {
    return std::max({spec.restart_delay, spec.restart_max_delay, delay_after_none});
}

Time release_delay(unsigned failures) {
    return doubled(first_release_delay, failures == 0 ? 0 : failures - 1, longest_release_delay);
}

}  // namespace confinit::engine
