// SPDX-License-Identifier: Apache-2.0
// The keys of namespaces.user: which ids of the service are which outside.
#include "unit/forms.h"
#include "unit/keys.h"
#include "unit/namespace_form.h"

#include "base/reserved_ids.h"
#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view map_form =
    "an array of lines \"INSIDE OUTSIDE COUNT\", such as [\"0 100000 65536\"]";
constexpr std::string_view map_line_form = "\"INSIDE OUTSIDE COUNT\", such as \"0 100000 65536\"";
// user_namespaces(7): a map has at most 340 lines.
constexpr std::size_t most_map_lines = 340;
// What the kernel calls nobody, overflowuid of proc(5).
constexpr std::uint32_t nobody = 65534;

// Root of a namespace without a map of its own is nobody outside.
void read_user_namespace(const Value& value, Unit& unit) {
    const auto is_new = read_namespace(value, NamespaceKind::user, unit);
    if (!is_new) return;
    unit.namespaces.user = *is_new;
    if (!*is_new) return;
    unit.namespaces.uid_map = {{.inside = 0, .outside = nobody, .count = 1}};
    unit.namespaces.gid_map = unit.namespaces.uid_map;
}

constexpr auto id_range_names = make_name_table<IdRange>({
    {IdRange::nobody, "nobody"},
    {IdRange::identity, "identity"},
    {IdRange::separate, "private"},
});

// The maps themselves are known when the unit is launched, except for the one of nobody.
void read_ids(const Value& value, Unit& unit) {
    constexpr std::string_view subid = "subid:";
    const std::string* text = value.if_text();
    if (text != nullptr && text->starts_with(subid) && text->size() > subid.size()) {
        unit.namespaces.id_range = IdRange::subid;
        unit.namespaces.subid_owner = text->substr(subid.size());
    } else {
        assign(unit.namespaces.id_range, read_choice(value, id_range_names));
    }
    if (unit.namespaces.id_range == IdRange::nobody) return;
    unit.namespaces.uid_map.clear();
    unit.namespaces.gid_map.clear();
}

std::optional<IdMap> read_map_line(const Value& value) {
    const std::string* text = value.if_text();
    const auto words = split_words(text != nullptr ? *text : std::string_view{});
    std::uint64_t numbers[3] = {};
    bool is_good = words.size() == 3;
    for (std::size_t i = 0; is_good && i < 3; ++i) {
        const auto number = parse_unsigned(words[i]);
        is_good = number && *number < 0xffff'ffff;
        if (is_good) numbers[i] = *number;
    }
    const auto [inside, outside, count] = numbers;
    // The last id, 4294967295, stands for "none" and cannot be mapped.
    if (!is_good || count == 0 || std::max(inside, outside) + count > 0xffff'ffff) {
        value.mismatch();
        return std::nullopt;
    }
    return IdMap{static_cast<std::uint32_t>(inside), static_cast<std::uint32_t>(outside),
                 static_cast<std::uint32_t>(count)};
}

bool overlap(std::uint64_t one, std::uint64_t one_count, std::uint64_t two,
             std::uint64_t two_count) {
    return one < two + two_count && two < one + one_count;
}

bool overlap(const IdMap& one, const IdMap& two) {
    return overlap(one.inside, one.count, two.inside, two.count) ||
           overlap(one.outside, one.count, two.outside, two.count);
}

template <std::vector<IdMap> NamespaceConfig::* member>
void read_map(const Value& value, Unit& unit) {
    auto map = list_of(value, map_line_form, read_map_line);
    if (value.is_array() && value.is_empty()) return value.mismatch();
    if (map.size() > most_map_lines) return value.refuse("a map may have at most 340 lines");
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (std::uint64_t{map[i].outside} + map[i].count > first_reserved_id) {
            return value.refuse("the ids from " + std::to_string(first_reserved_id) +
                                " on are the supervisor's");
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (overlap(map[i], map[j])) return value.refuse("two lines map the same ids");
        }
    }
    unit.namespaces.*member = std::move(map);
}

enum class Setgroups { deny, allow };
constexpr auto setgroups_names = make_name_table<Setgroups>({
    {Setgroups::deny, "deny"},
    {Setgroups::allow, "allow"},
});

void read_setgroups(const Value& value, Unit& unit) {
    const auto setgroups = read_choice(value, setgroups_names);
    if (setgroups) unit.namespaces.allow_setgroups = *setgroups == Setgroups::allow;
}

constexpr Key user_namespace_table[] = {
    {
        .path = "namespaces.user",
        .form = "true, false, \"unit:NAME\", \"/path\" or a table such as "
                "{ ids = \"private\" }",
        .fallback = "false",
        .documentation =
            "A user namespace of the service's own: its ids are others outside, and its "
            "capabilities count only for what belongs to the namespace, so that no namespace that "
            "is there already can be joined beside a new one. Without maps its root is nobody "
            "(65534) outside, and it has no other id.",
        .operation = "clone3(2) CLONE_NEWUSER",
        .source = "user_namespaces(7)",
        .systemd = "PrivateUsers=",
        .read = read_user_namespace,
    },
    {
        .path = "namespaces.user.ids",
        .form = "one of nobody, identity, private, or \"subid:USER\"",
        .fallback = "\"nobody\"",
        .documentation =
            "Which ids outside those inside are, in place of maps. nobody: root is nobody (65534), "
            "and there is no other id. identity: every id is itself, so that only the capabilities "
            "are fenced in. private: 65,536 ids that the supervisor gives to no other unit while "
            "it runs. subid:USER: the ranges that /etc/subuid and /etc/subgid give to that user, "
            "from 0 on.",
        .operation = "write(2) to /proc/PID/uid_map and gid_map",
        .source = "user_namespaces(7), subuid(5), subgid(5)",
        .systemd = "PrivateUsers=identity",
        .read = read_ids,
    },
    {
        .path = "namespaces.user.uid_map",
        .form = map_form,
        .fallback = "[\"0 65534 1\"]",
        .documentation =
            "Which user ids inside are which outside: COUNT ids from INSIDE on are those from "
            "OUTSIDE on. Given together with gid_map.",
        .operation = "write(2) to /proc/PID/uid_map",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_map<&NamespaceConfig::uid_map>,
    },
    {
        .path = "namespaces.user.gid_map",
        .form = map_form,
        .fallback = "[\"0 65534 1\"]",
        .documentation = "The same for group ids. Given together with uid_map.",
        .operation = "write(2) to /proc/PID/gid_map",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_map<&NamespaceConfig::gid_map>,
    },
    {
        .path = "namespaces.user.setgroups",
        .form = "one of deny, allow",
        .fallback = "\"deny\"",
        .documentation =
            "Whether processes in the namespace may change their supplementary groups. Denied, "
            "they cannot get rid of a group that some file denies access to.",
        .operation = "write(2) to /proc/PID/setgroups",
        .source = "user_namespaces(7)",
        .systemd = "",
        .read = read_setgroups,
    },
};

}  // namespace

std::span<const Key> user_namespace_keys() {
    return user_namespace_table;
}

}  // namespace confinit
