// SPDX-License-Identifier: Apache-2.0
// The shapes that those of forms refer to: the words of the kernel's tables, and forms that keys
// share.
#include "base/text.h"
#include "launch/seccomp/kernel_vocabulary.h"
#include "manuals/form_shapes.h"
#include "unit/address_families.h"
#include "unit/keys.h"
#include "unit/protect_presets.h"
#include "unit/resource_limits.h"
#include "unit/seccomp_words.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace confinit {
namespace {

using Names = std::vector<std::string>;

template <class Words>
Names names_of(const Words& words) {
    return Names(words.begin(), words.end());
}

std::string in_capitals(std::string text) {
    for (char& letter : text)
        if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    return text;
}

Json words(Names names) {
    return {{"enum", std::move(names)}};
}

Json pattern(std::string text) {
    return {{"type", "string"}, {"pattern", std::move(text)}};
}

// Editors offer the words of an enumeration; the pattern has the other ways to write them.
Json words_or(Names names, std::string text) {
    return {{"anyOf", Json::array({words(std::move(names)), pattern(std::move(text))})}};
}

Json signals() {
    Names names;
    for (int signal = 1; signal < SIGRTMIN; ++signal)
        if (const char* name = sigabbrev_np(signal)) names.push_back(std::string{"SIG"} + name);
    Names short_names;
    for (const std::string& name : names)
        short_names.push_back(name.substr(3));
    return words_or(std::move(names), fmt::format("^({})$", join(short_names, "|")));
}

Json capabilities(const Vocabulary& vocabulary) {
    Names names = names_of(vocabulary.capability_names);
    const std::string small = join(names, "|");
    return words_or(std::move(names),
                    fmt::format("^~?((cap_)?({})|(CAP_)?({}))$", small, in_capitals(small)));
}

Json families() {
    Names names = names_of(address_family_names());
    const std::string small = join(names, "|");
    return words_or(std::move(names),
                    fmt::format("^~?((af_)?({})|(AF_)?({}))$", small, in_capitals(small)));
}

std::string action_pattern() {
    return fmt::format("(allow|log|trap|trace|kill-thread|kill-process|{})",
                       join(names_of(error_names()), "|"));
}

Json calls(const Vocabulary& vocabulary) {
    return words_or(names_of(vocabulary.syscall_words),
                    fmt::format("^@?[a-z0-9_-]+:{}$", action_pattern()));
}

Json securebits(const Vocabulary& vocabulary) {
    Names names;
    for (const auto& bit : vocabulary.securebits)
        names.emplace_back(bit.first);
    return words(std::move(names));
}

// The words of unit.optional: keys, and the tables that they are in.
Json optional_keys() {
    Names names;
    for (const Key* key : all_keys()) {
        if (key->path.starts_with("unit.") || key->path.starts_with("service.")) continue;
        for (std::size_t dot = key->path.find('.'); dot != std::string_view::npos;
             dot = key->path.find('.', dot + 1))
            names.emplace_back(key->path.substr(0, dot));
        names.emplace_back(key->path);
    }
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    return words(std::move(names));
}

}  // namespace

Json shape_definitions() {
    const Vocabulary vocabulary = kernel_vocabulary();
    // Paths have no empty part, and names of units no ending of a file.
    Json unit = pattern("^[A-Za-z0-9_:%-][A-Za-z0-9_.:@%-]*$");
    unit["not"] = {{"pattern", "\\.toml$"}};
    return {
        {"path", pattern("^/([^/]+(/[^/]+)*)?$")},
        {"optional_path", pattern("^-?/([^/]+(/[^/]+)*)?$")},
        {"relative_path", pattern("^[^/:]+(/[^/:]+)*$")},
        {"duration", pattern("^\\s*([0-9]+(d|h|min|s|ms|us)\\s*)+$")},
        {"size",
         {{"anyOf",
           Json::array({{{"type", "integer"}, {"minimum", 0}}, pattern("^[0-9]+[KMGTPE]?$")})}}},
        {"number",
         {{"anyOf",
           Json::array({{{"type", "integer"}, {"minimum", 0}}, pattern("^0x[0-9A-Fa-f]+$")})}}},
        {"numbers", pattern("^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$")},
        {"account",
         {{"anyOf", Json::array({{{"type", "integer"}, {"minimum", 0}},
                                 pattern("^([0-9]+|[A-Za-z_%][A-Za-z0-9_.%-]*\\$?)$")})}}},
        {"device", pattern("^(/|[0-9]+:[0-9]+$)")},
        {"unit", unit},
        {"key", optional_keys()},
        {"signal", signals()},
        {"capability", capabilities(vocabulary)},
        {"securebit", securebits(vocabulary)},
        {"preset", words(names_of(protect_preset_names()))},
        {"proc",
         words({"private", "noaccess", "invisible", "ptraceable", "pids-only", "inherited"})},
        {"action", pattern(fmt::format("^{}$", action_pattern()))},
        {"call", calls(vocabulary)},
        {"family", families()},
        {"limit", words(names_of(resource_limit_names()))},
    };
}

}  // namespace confinit
