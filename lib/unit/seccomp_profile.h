// SPDX-License-Identifier: Apache-2.0
// SeccompProfile: a container's system call filter as a JSON file says it, before its conditions
// are looked at.
//
// Two forms are read, both as their own programs read them: that of Docker, Podman and the
// containers project, with conditions for each group of calls, and the "seccomp" object of the OCI
// runtime specification, alone or within a whole config.json.
#pragma once

#include "unit/unit.h"
#include "unit/vocabulary.h"

#include <compare>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// "4.8": what follows is the distributions' own.
struct KernelVersion {
    unsigned major = 0;
    unsigned minor = 0;

    auto operator<=>(const KernelVersion&) const = default;
};

// Absent where the text does not begin with two numbers.
std::optional<KernelVersion> parse_kernel_version(std::string_view text);

// What a group of calls may depend on: "includes" needs all that it lists to hold, "excludes" needs
// none of it.
struct ProfileCondition {
    CapabilityMask capabilities = 0;
    bool has_unknown_capability = false;     // which no process has
    std::vector<std::string> architectures;  // in Go's words, "amd64", of which one is enough
    std::optional<KernelVersion> least_kernel;
};

struct ProfileRule {
    std::vector<std::string> calls;
    SeccompAction action;
    std::vector<SeccompArgument> args;
    ProfileCondition includes;
    ProfileCondition excludes;
};

// How the rules of one call go together.
enum class ProfileOrder {
    libseccomp,   // as containers do it: the order in the file counts for nothing
    first_match,  // the first that holds decides; a form of ours, for what the other cannot say
};

struct SeccompProfile {
    std::string path;
    SeccompAction default_action;
    std::vector<ProfileRule> rules;
    ProfileOrder order = ProfileOrder::libseccomp;
    std::vector<std::string> warnings;  // what has no effect here
    std::size_t text_hash = 0;          // of the file's text, to tell that it has changed
};

// One thing that is wrong, with its place as a JSON pointer (RFC 6901): "/syscalls/3/action".
struct ProfileFault {
    std::string place;
    std::string message;
    std::string nearest;
};

// Reads whatever bytes; all faults come at once, up to a bound. The path is left to the caller.
std::expected<SeccompProfile, std::vector<ProfileFault>> read_seccomp_profile(
    std::string_view text, const Vocabulary& vocabulary);

}  // namespace confinit
