// SPDX-License-Identifier: Apache-2.0
// The parts that a plan is put together from; each resolves one table of a unit.
#pragma once

#include "launch/plan/id_maps.h"
#include "launch/plan/plan.h"
#include "launch/plan/service_view.h"
#include "launch/plan/user_database.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace confinit {

// The user that the service runs as. `name` is absent for an id without an entry in the passwd
// file.
struct Identity {
    std::optional<std::string> name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // the kernel's list, sorted: supplementary and primary
    std::string home = "/";
    std::string shell = "/bin/sh";
};

// plan/identity.cc
Result<Identity> resolve_identity(const Unit& unit, const LaunchContext& context,
                                  const UserDatabase& database);
Result<UserDatabase> load_user_database(const Unit& unit);
Result<std::uint32_t> resolve_user_id(const UserDatabase& database, const std::string& name,
                                      std::string key);
Result<std::uint32_t> resolve_group_id(const UserDatabase& database, const std::string& name,
                                       std::string key);
// The account's groups that the service does not get, since its unit says nothing of groups: a
// warning, or nothing.
std::optional<std::string> find_groups_left_out(const Unit& unit, const UserDatabase& database,
                                                const Identity& identity);
Status apply_identity(const Unit& unit, const LaunchContext& context, const Identity& identity,
                      PlanDraft& plan);
std::string map_text(const std::vector<IdMap>& maps);
// The id as the supervisor's user namespace knows it; fails with the ids that have a place there.
enum class MapKind { user, group };
Result<std::uint32_t> place_outside(const Unit& unit, MapKind kind, std::uint32_t inside,
                                    std::string key);

// plan/privileges.cc
int last_capability(CapabilityMask all);
Status apply_capabilities(const Unit& unit, const LaunchContext& context, PlanDraft& plan);
Status apply_filter(const Unit& unit, const LaunchContext& context, PlanDraft& plan);

// plan/resources.cc
Status apply_cgroup(const Unit& unit, const LaunchContext& context, PlanDraft& plan);
void apply_process_limits(const Unit& unit, PlanDraft& plan);

// plan/namespaces.cc
Status apply_namespaces(const Unit& unit, const LaunchContext& context, PlanDraft& plan);
// CLONE_NEW* of every namespace that the unit makes new, the cgroup and the time one included.
std::uint64_t new_namespaces(const NamespaceConfig& namespaces);
// The text for /proc/PID/timens_offsets; empty where both clocks stay as they are.
std::string clock_offset_text(std::chrono::microseconds offset);  // "SECONDS NANOSECONDS"
std::string time_offsets_text(const NamespaceConfig& namespaces);

// plan/joins.cc
Status apply_joins(const Unit& unit, const LaunchContext& context, PlanDraft& plan);
struct JoinTarget {
    JoinIn<Drafted> join;
    Fd file;
};
Result<JoinTarget> open_join_target(const JoinedNamespace& joined, const LaunchContext& context);

// plan/directories.cc: what the preparer makes; each is found again by its key.
Status apply_directories(const Unit& unit, const LaunchContext& context,
                         const UserDatabase& database, PlanDraft& plan);
// The host's path of a directory that is prepared.
std::string directory_path(const char* base, const char* path);

// plan/mounts.cc
Status apply_mounts(const Unit& unit, const LaunchContext& context, PlanDraft& plan);

// plan/program.cc
Status apply_program(const Unit& unit, PlanDraft& plan);
std::vector<std::string> make_environment(const Unit& unit, const Identity& identity);
Status apply_working_directory(const Unit& unit, PlanDraft& plan);

// plan/ready.cc: NOTIFY_SOCKET and WATCHDOG_USEC, and the number of the ready pipe.
void apply_readiness(const Unit& unit, const LaunchContext& context, PlanDraft& plan);
// The key that asks for the notify socket.
std::string_view notify_key(const Unit& unit);

// plan/plan.cc
// "mounts.bind[2]"
std::string indexed(std::string_view key, std::size_t index);
// A copy that lives as long as the draft.
const char* keep(PlanDraft& plan, std::string text);

}  // namespace confinit
