// SPDX-License-Identifier: Apache-2.0
// Reads a container's seccomp profile: JSON of any content becomes a SeccompProfile or a list of
// faults.
#include "unit/seccomp_profile.h"

#include "base/json_text.h"
#include "unit/json_fields.h"
#include "unit/problem.h"
#include "unit/seccomp_words.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace confinit {
namespace {

// A profile has six levels, and as many within a whole config.json.
constexpr std::size_t deepest = 32;
constexpr std::size_t most_names_shown = 10;
// Names and conditions together. A filter has no more than 4096 instructions.
constexpr std::size_t most_parts = 16'384;
constexpr std::uint64_t highest_errno = 4095;  // MAX_ERRNO
constexpr std::uint64_t last_index = 5;

constexpr std::pair<std::string_view, SeccompActionKind> actions[] = {
    {"SCMP_ACT_ALLOW", SeccompActionKind::allow},
    {"SCMP_ACT_ERRNO", SeccompActionKind::error},
    {"SCMP_ACT_KILL", SeccompActionKind::kill_thread},
    {"SCMP_ACT_KILL_PROCESS", SeccompActionKind::kill_process},
    {"SCMP_ACT_KILL_THREAD", SeccompActionKind::kill_thread},
    {"SCMP_ACT_LOG", SeccompActionKind::log},
    {"SCMP_ACT_TRACE", SeccompActionKind::trace},
    {"SCMP_ACT_TRAP", SeccompActionKind::trap},
};

constexpr std::pair<std::string_view, SeccompComparison> comparisons[] = {
    {"SCMP_CMP_EQ", SeccompComparison::eq}, {"SCMP_CMP_GE", SeccompComparison::ge},
    {"SCMP_CMP_GT", SeccompComparison::gt}, {"SCMP_CMP_LE", SeccompComparison::le},
    {"SCMP_CMP_LT", SeccompComparison::lt}, {"SCMP_CMP_MASKED_EQ", SeccompComparison::masked_eq},
    {"SCMP_CMP_NE", SeccompComparison::ne},
};

constexpr std::string_view first_match_word = "first-match";

class ProfileReader {
public:
    explicit ProfileReader(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

    std::expected<SeccompProfile, std::vector<ProfileFault>> read(std::string_view text) {
        const auto root = parse_json(text, deepest);
        if (!root) return std::unexpected(std::vector{ProfileFault{"", root.error().text(), ""}});
        std::string place;
        if (const Json* profile = find_profile(*root, place)) read_profile(*profile, place);
        if (fields_.has_faults()) return std::unexpected(fields_.take_faults());
        add_warnings();
        return std::move(profile_);
    }

private:
    // The profile itself, or the one of a whole config.json.
    const Json* find_profile(const Json& root, std::string& place) {
        const Json* profile = &root;
        if (root.is_object() && root.contains("linux") && !root.contains("defaultAction")) {
            for (const char* name : {"linux", "seccomp"}) {
                place = place_below(place, name);
                const Json* inner = JsonFields::member(*profile, name);
                if (inner == nullptr) {
                    fields_.refuse(place, "this config.json has no seccomp profile");
                    return nullptr;
                }
                profile = inner;
            }
        }
        if (profile->is_object()) return profile;
        fields_.refuse(place, "expected an object");
        return nullptr;
    }

    // An unknown member may be of a newer form, or somebody's remark.
    void check_members(const Json& object, const std::string& place, JsonFields::Words names) {
        for (const std::string& unknown : fields_.unknown_members(object, place, names))
            note(ignored_members_, unknown);
    }

    void read_profile(const Json& profile, const std::string& place) {
        constexpr std::string_view names[] = {
            "defaultAction",    "defaultErrnoRet", "defaultErrno", "archMap",
            "architectures",    "flags",           "syscalls",     "comment",
            "listenerMetadata", "listenerPath",    "confinit",
        };
        check_members(profile, place, names);
        if (JsonFields::member(profile, "defaultAction") == nullptr) {
            fields_.refuse(place_below(place, "defaultAction"), "it is missing");
        } else if (auto action = read_action(profile, place, "defaultAction", "defaultErrnoRet",
                                             "defaultErrno")) {
            profile_.default_action = *action;
        }
        if (JsonFields::member(profile, "archMap") != nullptr &&
            JsonFields::member(profile, "architectures") != nullptr) {
            fields_.refuse(place_below(place, "archMap"),
                           "'architectures' is there as well; there may be one");
        }
        read_flags(profile, place);
        read_order(profile, place);
        const Json* calls = fields_.array(profile, place, "syscalls");
        if (calls == nullptr) return;
        for (std::size_t index = 0; index < calls->size() && parts_ <= most_parts; ++index) {
            read_rule((*calls)[index], place_below(place_below(place, "syscalls"), index));
        }
        if (parts_ > most_parts) {
            fields_.refuse(place_below(place, "syscalls"),
                           "these are more conditions than a filter can hold");
        }
    }

    void read_flags(const Json& profile, const std::string& place) {
        constexpr std::string_view flags[] = {
            "SECCOMP_FILTER_FLAG_LOG",
            "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
            "SECCOMP_FILTER_FLAG_TSYNC",
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
        };
        const Json* list = fields_.array(profile, place, "flags");
        if (list == nullptr) return;
        for (std::size_t index = 0; index < list->size(); ++index) {
            const auto* flag = (*list)[index].get_ptr<const std::string*>();
            const std::string at = place_below(place_below(place, "flags"), index);
            if (flag == nullptr) {
                fields_.refuse(at, "expected a text");
            } else if (std::ranges::find(flags, *flag) == std::end(flags)) {
                fields_.refuse(at, "there is no flag " + confinit::quoted(*flag),
                               nearest_of(*flag, flags));
            } else if (*flag == flags[0] || *flag == flags[1]) {
                profile_.warnings.push_back("the flag " + confinit::quoted(*flag) + " is left out");
            }
        }
    }

    void read_order(const Json& profile, const std::string& place) {
        const Json* extension = JsonFields::member(profile, "confinit");
        if (extension == nullptr) return;
        const std::string at = place_below(place, "confinit");
        const Json* order = JsonFields::member(*extension, "order");
        if (order != nullptr && order->is_string() &&
            order->get_ref<const std::string&>() == first_match_word) {
            profile_.order = ProfileOrder::first_match;
        } else {
            fields_.refuse(at, "expected { \"order\": \"first-match\" }");
        }
    }

    bool is_notify(const Json& object, const std::string& place, const char* name) {
        const Json* action = JsonFields::member(object, name);
        if (action == nullptr || *action != "SCMP_ACT_NOTIFY") return false;
        fields_.refuse(place_below(place, name),
                       "'SCMP_ACT_NOTIFY' needs an agent that answers, and there is none here");
        return true;
    }

    // As containers' programs do it: a name of an error wins over its number, and without either
    // it is EPERM.
    std::optional<SeccompAction> read_action(const Json& object, const std::string& place,
                                             const char* name, const char* number_name,
                                             const char* error_name) {
        if (is_notify(object, place, name)) return std::nullopt;
        const auto kind = fields_.choice(object, place, name, actions);
        const auto given = fields_.number(object, place, number_name, highest_errno);
        if (!kind || !given) return std::nullopt;
        SeccompAction action{.kind = *kind};
        if (*kind != SeccompActionKind::error && *kind != SeccompActionKind::trace) return action;
        action.error_number =
            JsonFields::member(object, number_name) != nullptr ? static_cast<int>(*given) : EPERM;
        const Json* error = JsonFields::member(object, error_name);
        if (error == nullptr) return action;
        const auto* word = error->get_ptr<const std::string*>();
        if (word != nullptr && word->empty()) return action;
        const auto named = word != nullptr ? error_number(*word) : std::nullopt;
        if (!named) {
            fields_.refuse(place_below(place, error_name),
                           "expected the name of an error such as \"EPERM\"",
                           word != nullptr ? nearest_of(*word, error_names()) : std::string{});
            return std::nullopt;
        }
        action.error_number = *named;
        return action;
    }

    void read_rule(const Json& value, const std::string& place) {
        constexpr std::string_view names[] = {
            "name",     "names",    "action",   "args",  "comment",
            "includes", "excludes", "errnoRet", "errno",
        };
        if (!value.is_object()) return fields_.refuse(place, "expected an object");
        check_members(value, place, names);
        ProfileRule rule;
        const auto action = read_action(value, place, "action", "errnoRet", "errno");
        const bool has_calls = read_calls(value, place, rule);
        const bool has_args = read_args(value, place, rule);
        const bool has_conditions = read_condition(value, place, "includes", rule.includes) &&
                                    read_condition(value, place, "excludes", rule.excludes);
        parts_ += rule.calls.size() * (1 + rule.args.size());
        if (!action || !has_calls || !has_args || !has_conditions) return;
        rule.action = *action;
        profile_.rules.push_back(std::move(rule));
    }

    bool read_calls(const Json& value, const std::string& place, ProfileRule& rule) {
        const Json* single = JsonFields::member(value, "name");
        auto list = fields_.texts(value, place, "names");
        if (!list) return false;
        if (single != nullptr && !single->is_string()) {
            fields_.refuse(place_below(place, "name"), "expected a text");
            return false;
        }
        if (single != nullptr && !single->get_ref<const std::string&>().empty()) {
            if (!list->empty()) {
                fields_.refuse(place_below(place, "name"),
                               "'names' is there as well; there may be one");
                return false;
            }
            list->push_back(single->get<std::string>());
        }
        for (std::string& call : *list) {
            const bool is_known =
                !call.starts_with('@') && parts_ <= most_parts && vocabulary_.is_syscall_word(call);
            if (!is_known) note(unknown_calls_, call);
            // Kept all the same: that a profile speaks of a newer call says how new it is.
            rule.calls.push_back(std::move(call));
            ++parts_;
        }
        return true;
    }

    bool read_args(const Json& value, const std::string& place, ProfileRule& rule) {
        const Json* list = fields_.array(value, place, "args");
        if (list == nullptr) return JsonFields::member(value, "args") == nullptr;
        bool is_good = true;
        for (std::size_t index = 0; index < list->size(); ++index) {
            const auto argument =
                read_argument((*list)[index], place_below(place_below(place, "args"), index));
            if (argument) rule.args.push_back(*argument);
            is_good = is_good && argument.has_value();
        }
        return is_good;
    }

    std::optional<SeccompArgument> read_argument(const Json& value, const std::string& place) {
        // The last two are a form of ours, for what the specification has no words for.
        constexpr std::string_view names[] = {"index", "value", "valueTwo", "op", "bits", "mask"};
        if (!value.is_object()) {
            fields_.refuse(place, "expected an object");
            return std::nullopt;
        }
        check_members(value, place, names);
        const auto index = fields_.number(value, place, "index", last_index);
        const auto op = fields_.choice(value, place, "op", comparisons);
        const auto first = fields_.number(value, place, "value", ~std::uint64_t{0});
        const auto second = fields_.number(value, place, "valueTwo", ~std::uint64_t{0});
        const auto bits = fields_.number(value, place, "bits", 64);
        if (!index || !op || !first || !second || !bits) return std::nullopt;
        SeccompArgument argument{
            .index = static_cast<unsigned>(*index), .op = *op, .value = *first};
        if (*op == SeccompComparison::masked_eq) {
            argument.mask = *first;
            argument.value = *second & *first;
        }
        if (JsonFields::member(value, "mask") != nullptr) {
            const auto mask = fields_.number(value, place, "mask", ~std::uint64_t{0});
            if (!mask) return std::nullopt;
            argument.mask = *mask;
        }
        if (*bits != 0) argument.bits = *bits <= 32 ? 32U : 64U;
        return argument;
    }

    bool read_condition(const Json& rule, const std::string& place, const char* name,
                        ProfileCondition& condition) {
        constexpr std::string_view names[] = {"caps", "arches", "minKernel"};
        const Json* value = JsonFields::member(rule, name);
        if (value == nullptr) return true;
        const std::string at = place_below(place, name);
        if (!value->is_object()) {
            fields_.refuse(at, "expected an object");
            return false;
        }
        check_members(*value, at, names);
        auto arches = fields_.texts(*value, at, "arches");
        const auto capabilities = fields_.texts(*value, at, "caps");
        if (!arches || !capabilities) return false;
        condition.architectures = std::move(*arches);
        for (const std::string& capability : *capabilities)
            add_capability(capability, condition);
        return read_kernel(*value, at, condition);
    }

    void add_capability(const std::string& name, ProfileCondition& condition) {
        if (const auto known = vocabulary_.capability_number(name)) {
            condition.capabilities |= CapabilityMask{1} << *known;
            return;
        }
        condition.has_unknown_capability = true;
        note(unknown_capabilities_, name);
    }

    bool read_kernel(const Json& value, const std::string& place, ProfileCondition& condition) {
        const Json* kernel = JsonFields::member(value, "minKernel");
        if (kernel == nullptr) return true;
        const auto* text = kernel->get_ptr<const std::string*>();
        if (text != nullptr && text->empty()) return true;
        if (text != nullptr) condition.least_kernel = parse_kernel_version(*text);
        if (condition.least_kernel) return true;
        fields_.refuse(place_below(place, "minKernel"), "expected a version such as \"4.8\"");
        return false;
    }

    // What has no effect, for a warning.
    struct Notes {
        std::vector<std::string> names;
        std::size_t count = 0;
    };

    static void note(Notes& notes, const std::string& name) {
        const auto& names = notes.names;
        if (std::ranges::find(names, name) != names.end()) return;
        if (++notes.count <= most_names_shown) notes.names.push_back(name);
    }

    void warn(const Notes& notes, const std::string& claim) {
        if (notes.count == 0) return;
        std::string text = claim;
        for (const std::string& name : notes.names)
            text += (&name == &notes.names.front() ? " " : ", ") + confinit::quoted(name);
        if (notes.count > notes.names.size()) {
            text += " and " + std::to_string(notes.count - notes.names.size()) + " more";
        }
        profile_.warnings.push_back(std::move(text));
    }

    void add_warnings() {
        warn(unknown_calls_, "calls that are not known here, and are left out:");
        warn(unknown_capabilities_, "capabilities that are not known here, and that nobody has:");
        warn(ignored_members_, "members that are not known here, and have no effect:");
    }

    const Vocabulary& vocabulary_;
    SeccompProfile profile_;
    JsonFields fields_;
    Notes unknown_calls_;
    Notes unknown_capabilities_;
    Notes ignored_members_;
    std::size_t parts_ = 0;
};

}  // namespace

std::optional<KernelVersion> parse_kernel_version(std::string_view text) {
    KernelVersion version;
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
    if (minor.ec != std::errc{}) return std::nullopt;
    return version;
}

std::expected<SeccompProfile, std::vector<ProfileFault>> read_seccomp_profile(
    std::string_view text, const Vocabulary& vocabulary) {
    return ProfileReader{vocabulary}.read(text);
}

}  // namespace confinit
