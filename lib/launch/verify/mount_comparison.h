// SPDX-License-Identifier: Apache-2.0
// MountComparison: what the mount tables of a service and of the host say about each op of a plan.
#pragma once

#include "launch/plan/mount_kinds.h"
#include "launch/plan/service_view.h"
#include "launch/verify/parts.h"

#include <optional>
#include <string>
#include <string_view>

namespace confinit {

// `is_narrower`: the mount gives the service less than its unit says.
struct Finding {
    bool same = false;
    std::string text;
    bool is_narrower = false;

    VerifyResult result() const { return is_narrower ? VerifyResult::narrower : same_if(same); }
};

inline constexpr const char* arrivals = " gets what the host mounts later";

class MountComparison {
public:
    MountComparison(const LaunchPlan& plan, const MountTable& service, const MountTable& host)
        : plan_(plan), service_(service), host_(host), host_view_("/") {}

    // Absent for an op that leaves nothing to compare.
    std::optional<Finding> compare(std::size_t index) const;

private:
    Finding compare_propagation() const;
    Finding compare_own_propagation(std::uint64_t wanted) const;
    std::optional<Finding> compare_root(std::size_t index) const;
    Finding compare_image(std::string_view path) const;
    Finding compare_overlay(std::size_t index) const;
    Finding compare_cgroup(std::size_t index) const;
    Finding compare_seal(std::size_t index) const;
    Finding compare_file_system(std::size_t index, std::string_view type) const;
    Finding compare_bind(std::size_t index) const;
    Finding compare_read_only(std::size_t index) const;
    Finding compare_read_write(std::size_t index) const;
    Finding compare_no_exec(std::size_t index) const;
    Finding compare_exec(std::size_t index) const;
    Finding compare_inaccessible(std::size_t index) const;

    const Mount* mount_at(std::size_t index) const;
    std::optional<MountedObject> host_object(std::string_view path) const;
    bool has_option_on_host(std::string_view path, std::string_view option) const;
    bool is_of_host(const Mount& mount) const;
    bool gets_later_mounts(const Mount& mount) const;
    bool is_replaced(std::size_t index) const;
    std::size_t deciding_op(std::string_view path) const;
    std::size_t op_deciding_execution(std::string_view path) const;
    std::string missing_attributes(const MountOp& op, const Mount& mount) const;

    const LaunchPlan& plan_;
    const MountTable& service_;
    const MountTable& host_;
    ServiceView host_view_;
};

}  // namespace confinit
