// SPDX-License-Identifier: Apache-2.0
// What libseccomp itself makes of a container's profile, handed to it as the containers' runtimes
// do, for comparing our filters with.
#pragma once

#include "base/json_text.h"
#include "kernel/syscall_filter.h"
#include "source_paths.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <set>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <seccomp.h>

namespace confinit::testing {

inline std::uint32_t reference_action(const Json& object, const char* name, const char* number,
                                      const char* error) {
    const std::string word = object.value(name, "");
    std::uint32_t code = object.value(number, 1U);
    // The only ones that the profiles under test name.
    const std::string error_word = object.value(error, "");
    if (error_word == "EPERM") code = EPERM;
    if (error_word == "ENOSYS") code = ENOSYS;
    if (error_word == "EINVAL") code = EINVAL;
    if (word == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
    if (word == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(code);
    if (word == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(code);
    if (word == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
    if (word == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
    if (word == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
    return SCMP_ACT_KILL;
}

inline scmp_compare reference_comparison(const std::string& word) {
    constexpr std::pair<const char*, scmp_compare> rows[] = {
        {"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
        {"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT},
    };
    for (const auto& [name, value] : rows) {
        if (word == name) return value;
    }
    return SCMP_CMP_MASKED_EQ;
}

// A libseccomp context that is filled rule by rule.
class LibseccompReference {
public:
    // `capabilities` in the words of the file, "CAP_SYS_ADMIN".
    LibseccompReference(const Json& profile, const std::set<std::string>& capabilities)
        : default_action_(
              reference_action(profile, "defaultAction", "defaultErrnoRet", "defaultErrno")),
          context_(seccomp_init(default_action_)) {
        REQUIRE(context_ != nullptr);
        for (const Json& rule : profile.value("syscalls", Json::array())) {
            if (applies(rule, capabilities)) add(rule);
        }
    }
    LibseccompReference(const LibseccompReference&) = delete;
    LibseccompReference& operator=(const LibseccompReference&) = delete;
    ~LibseccompReference() { seccomp_release(context_); }

    // libseccomp refuses some combinations of rules.
    bool is_refused() const { return is_refused_; }
    int newest_call() const { return newest_; }

    BpfProgram program() const {
        const int file = memfd_create("filter", MFD_CLOEXEC);
        REQUIRE(file >= 0);
        REQUIRE(seccomp_export_bpf(context_, file) == 0);
        BpfProgram program(static_cast<std::size_t>(lseek(file, 0, SEEK_END)) /
                           sizeof(sock_filter));
        const std::size_t size = program.size() * sizeof(sock_filter);
        REQUIRE(pread(file, program.data(), size, 0) == static_cast<ssize_t>(size));
        close(file);
        return program;
    }

private:
    static std::vector<std::string> words(const Json& rule, const char* part, const char* name) {
        const auto condition = rule.find(part);
        if (condition == rule.end() || !condition->is_object()) return {};
        const auto list = condition->find(name);
        if (list == condition->end() || !list->is_array()) return {};
        return list->get<std::vector<std::string>>();
    }

    static bool applies(const Json& rule, const std::set<std::string>& capabilities) {
        const auto has = [&](const std::string& name) {
            return capabilities.contains(name);
        };
        const auto is_own = [](const std::string& name) {
            return name == "amd64";
        };
        const auto needed = words(rule, "includes", "caps");
        const auto arches = words(rule, "includes", "arches");
        return std::ranges::all_of(needed, has) &&
               std::ranges::none_of(words(rule, "excludes", "caps"), has) &&
               std::ranges::none_of(words(rule, "excludes", "arches"), is_own) &&
               (arches.empty() || std::ranges::any_of(arches, is_own));
    }

    void add(const Json& rule) {
        const std::uint32_t action = reference_action(rule, "action", "errnoRet", "errno");
        std::vector<scmp_arg_cmp> conditions;
        const auto args = rule.find("args");
        if (args != rule.end() && args->is_array()) {
            for (const Json& arg : *args) {
                conditions.push_back({arg["index"].get<unsigned>(),
                                      reference_comparison(arg["op"].get<std::string>()),
                                      arg.value("value", std::uint64_t{0}),
                                      arg.value("valueTwo", std::uint64_t{0})});
            }
        }
        for (const Json& name : rule["names"]) {
            const int number = seccomp_syscall_resolve_name(name.get<std::string>().c_str());
            if (number == __NR_SCMP_ERROR) continue;
            newest_ = std::max(newest_, number);
            if (action != default_action_) add(number, action, conditions);
        }
    }

    void add(int number, std::uint32_t action, const std::vector<scmp_arg_cmp>& conditions) {
        std::array<int, syscall_argument_count> uses{};
        for (const auto& condition : conditions)
            ++uses.at(condition.arg);
        if (std::ranges::all_of(uses, [](int count) { return count <= 1; })) {
            return add_one(number, action, conditions);
        }
        for (const auto& condition : conditions)
            add_one(number, action, {condition});
    }

    void add_one(int number, std::uint32_t action, const std::vector<scmp_arg_cmp>& conditions) {
        const int result = seccomp_rule_add_array(
            context_, action, number, static_cast<unsigned>(conditions.size()), conditions.data());
        is_refused_ = is_refused_ || result != 0;
    }

    std::uint32_t default_action_;
    scmp_filter_ctx context_;
    bool is_refused_ = false;
    int newest_ = -1;
};

// The default profile of Podman and others, out of Debian's package; fetched once.
inline std::string containers_profile_path() {
    const std::string command = CONFINIT_SOURCE
        "/tests/vm/package-file golang-github-containers-common /usr/share/containers/seccomp.json";
    FILE* output = popen(command.c_str(), "re");
    REQUIRE(output != nullptr);
    std::string path;
    for (int byte = fgetc(output); byte != EOF && byte != '\n'; byte = fgetc(output))
        path += static_cast<char>(byte);
    REQUIRE(pclose(output) == 0);
    return path;
}

}  // namespace confinit::testing
