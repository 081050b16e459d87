// SPDX-License-Identifier: Apache-2.0
// The key seccomp.profile: a container's JSON file as the base of a unit's filter.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/seccomp_profile.h"
#include "unit/seccomp_profile_file.h"

#include <functional>
#include <memory>

namespace confinit {
namespace {

constexpr std::string_view profile_form =
    "an absolute path such as \"/etc/containers/seccomp.json\", or the name of a file beside the "
    "unit file, in /etc/confinit/profiles or in /usr/lib/confinit/profiles";

bool is_file_name(std::string_view name) {
    return name.find('/') == std::string_view::npos && !name.starts_with('.');
}

std::optional<std::string> read_name(const Value& value) {
    auto name = value.word();
    if (!name || is_file_name(*name)) return name;
    return read_plain_path(value);
}

void report(const Value& value, const std::string& path, std::vector<ProfileFault> faults) {
    for (ProfileFault& fault : faults) {
        std::string message = quoted(path) + ": ";
        if (!fault.place.empty()) message += fault.place + ": ";
        value.refuse(message + fault.message, std::move(fault.nearest));
    }
}

// From the disk where it was not read before. Null once the problem is reported.
const ProfileFile* find_profile(const Value& value, const std::string& name) {
    const std::string key = profile_key(name, value.file());
    const auto known = value.profiles()->find(key);
    if (known != value.profiles()->end()) return &known->second;
    const auto ownership = value.checks_owners() ? Ownership::checked : Ownership::ignored;
    auto file = find_profile_file(name, value.file(), ownership);
    if (!file) {
        const Problem& problem = file.error();
        value.refuse(quoted(problem.location.file) + ": " + problem.message);
        return nullptr;
    }
    if (!*file) {
        value.refuse("there is no file " + quoted(name));
        return nullptr;
    }
    return &value.profiles()->emplace(key, std::move(**file)).first->second;
}

void read_profile(const Value& value, Unit& unit) {
    const auto name = read_name(value);
    if (!name) return;
    const ProfileFile* file = find_profile(value, *name);
    if (file == nullptr) return;
    auto profile = read_seccomp_profile(file->text, value.vocabulary());
    if (!profile) return report(value, file->path, std::move(profile).error());
    profile->path = file->path;
    profile->text_hash = std::hash<std::string>{}(file->text);
    unit.seccomp->profile = std::make_shared<const SeccompProfile>(std::move(*profile));
}

constexpr Key seccomp_profile_table[] = {
    {
        .path = "seccomp.profile",
        .form = profile_form,
        .fallback = "none",
        .documentation =
            "A container's seccomp profile, read as it is: the JSON of Docker, Podman and the OCI "
            "runtime specification. What it makes depend on capabilities, architecture and kernel "
            "is decided by the unit's own bounding set, this machine and the running kernel. Its "
            "default action takes the place of seccomp.default, which may not be given beside it; "
            "seccomp.rules, deny and allow win over it. Calls that are not known here are left "
            "out, with a warning, and so are its rules for other architectures: calls of those "
            "are killed. An argument that the kernel takes as a 32-bit number is compared as one.",
        .operation = "seccomp(2) SECCOMP_SET_MODE_FILTER",
        .source = "seccomp(2), OCI runtime specification config-linux.md",
        .systemd = "",
        .read = read_profile,
    },
};

}  // namespace

std::span<const Key> seccomp_profile_keys() {
    return seccomp_profile_table;
}

}  // namespace confinit
