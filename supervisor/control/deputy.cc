// SPDX-License-Identifier: Apache-2.0
// Deputy: a service that calls the supervisor in the name of others, and what it may ask for.
#include "supervisor/control/deputy.h"

#include "supervisor/jobs/manager.h"

#include <algorithm>
#include <fmt/format.h>

namespace confinit {

// The number is that of a living process, see SocketCaller, and our main process keeps its own
// until we reap it: equal numbers are one process.
bool is_deputy(pid_t process, const Manager& manager) {
    return std::ranges::any_of(manager.units().all(), [process](const auto& entry) {
        const auto& run = entry.second->run;
        return run && run->main_pid() == process && run->unit().service->is_deputy;
    });
}

std::expected<void, std::string> check_deputy_call(const MethodInfo& method,
                                                   const Principal& principal,
                                                   std::uint32_t supervisor_uid) {
    // Programs that take a uid for a signed number see a negative one, which some take for root's.
    constexpr std::uint32_t first_negative = 0x8000'0000;
    if (principal.uid >= first_negative) {
        return std::unexpected(fmt::format("uid {} is beyond 2147483647", principal.uid));
    }
    if (!method.for_deputy) return std::unexpected("no deputy may ask for it");
    if (method.callers == Callers::anyone) return {};
    if (principal.uid == 0 || principal.uid == supervisor_uid) {
        return std::unexpected(fmt::format(
            "the bus names {} by a number only, which does not tell whether its process is "
            "confined; user {} rules by the control socket: svctl",
            principal.text(), principal.uid));
    }
    const std::string_view action = action_names.name(method.action);
    if (!action.empty() && principal.authorized == action) return {};
    return std::unexpected(fmt::format("{} lacks the authorization {}", principal.text(), action));
}

std::string asker_of(const Call& call) {
    return call.on_behalf_of ? call.on_behalf_of->text() : "";
}

}  // namespace confinit
