// SPDX-License-Identifier: Apache-2.0
// The child's look at what its plan was made from.
// It comes first, with the rights and in the root of the supervisor: there the plan has looked.
#include "launch/witness.h"

#include "launch/child/steps.h"

#include <cerrno>

namespace confinit {

namespace {

// In a mount namespace of its own, which begins as a copy, each mount has another id than on the
// host. The supervisor has seen that the host's mounts are the same.
bool has_mounts_of_host(const ChildContext& child) {
    return child.plan.mounts.empty();
}

// A new user namespace shows no owner that it does not map, and gives no right to search
// directories of others.
bool sees_owners(const ChildContext& child) {
    return !child.plan.new_user_namespace;
}

bool holds(ChildContext& child, const Witness& witness) {
    struct statx seen{};
    const long result =
        child.call(SYS_statx, AT_FDCWD, witness.path.c_str(), witness_look, witness_mask, &seen);
    if (result < 0 && child.error == EACCES && !sees_owners(child)) return true;
    if (result < 0) return child.error == witness.facts.error;
    if (witness.facts.error != 0) return child.refuse(EEXIST);
    WitnessFacts facts = facts_of(witness.facts.kind, seen);
    if (!has_mounts_of_host(child)) facts.mount = witness.facts.mount;
    if (!sees_owners(child)) {
        facts.uid = witness.facts.uid;
        facts.gid = witness.facts.gid;
    }
    return facts == witness.facts || child.refuse(ESTALE);
}

}  // namespace

bool look_at_witnesses(ChildContext& child) {
    for (std::size_t index = 0; index < child.plan.witnesses.size(); ++index) {
        child.item = static_cast<std::int32_t>(index);
        if (!holds(child, child.plan.witnesses.data()[index])) return false;
    }
    return true;
}

}  // namespace confinit
