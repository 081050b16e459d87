// SPDX-License-Identifier: Apache-2.0
// The keys of [unit]: what a unit is called and how it stands to other units.
#include "unit/forms.h"
#include "unit/keys.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view name_form = "the name of a unit";
constexpr std::string_view names_form = "an array of unit names, such as [\"net\", \"heat@1\"]";
constexpr std::string_view key_form =
    "a key or a table of the unit's confinement, such as \"cgroup.io.weight\"";
constexpr std::string_view uri_form = "a text such as \"man:nginx(8)\"";

template <std::vector<std::string> UnitSection::* member>
void read_names(const Value& value, Unit& unit) {
    std::vector<std::string>& names = unit.unit.*member;
    for (std::string& name : list_of(value, name_form, read_unit_name)) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
}

// What says which program runs, and as whom, is no confinement that could be left out.
bool may_be_optional(std::string_view path) {
    const std::string_view table = path.substr(0, path.find('.'));
    return table != "unit" && table != "service" &&
           (find_key(path) != nullptr || has_keys_below(path));
}

void read_optional(const Value& value, Unit& unit) {
    unit.unit.optional = list_of(value, key_form, [](const Value& element) {
        auto path = element.word();
        if (!path || may_be_optional(*path)) return path;
        std::vector<std::string_view> words;
        for (const Key* key : all_keys()) {
            if (may_be_optional(key->path)) words.push_back(key->path);
        }
        element.mismatch(element.nearest(*path, words));
        return std::optional<std::string>{};
    });
}

void read_description(const Value& value, Unit& unit) {
    assign(unit.unit.description, value.text());
}

void read_documentation(const Value& value, Unit& unit) {
    unit.unit.documentation =
        list_of(value, uri_form, [](const Value& element) { return element.word(); });
}

constexpr Key unit_table[] = {
    {
        .path = "unit.description",
        .form = "a text",
        .fallback = "\"\"",
        .documentation = "One line for people, shown by svctl beside the unit's name.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Description=",
        .read = read_description,
    },
    {
        .path = "unit.documentation",
        .form = "an array of texts, such as [\"man:nginx(8)\"]",
        .fallback = "[]",
        .documentation = "Where to read more: manual pages and addresses, shown by svctl status.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Documentation=",
        .read = read_documentation,
    },
    {
        .path = "unit.requires",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "Units that are started together with this one. If one of them cannot be started, this "
            "one is not started either; if one of them is stopped, this one is stopped. It says "
            "nothing about order: add the name to `after` to wait for it. Only a unit without "
            "[service] waits anyway, unless the other one is ordered after it.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Requires=",
        .read = read_names<&UnitSection::requires_units>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.wants",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "Units that are started together with this one. Whether they succeed does not matter "
            "to it, not even whether they exist. A unit without [service] is reached when each of "
            "them is up or has failed, unless that one is ordered after it.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Wants=",
        .read = read_names<&UnitSection::wants>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.after",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "If these units are being started too, this one waits until they are up. When both "
            "stop, this one stops first. It is order alone: it starts nothing.",
        .operation = "none",
        .source = "confinit",
        .systemd = "After=",
        .read = read_names<&UnitSection::after>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.before",
        .form = names_form,
        .fallback = "[]",
        .documentation = "The reverse of `after`: these units wait for this one.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Before=",
        .read = read_names<&UnitSection::before>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.conflicts",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "Units that cannot run at the same time as this one: starting one stops the other.",
        .operation = "none",
        .source = "confinit",
        .systemd = "Conflicts=",
        .read = read_names<&UnitSection::conflicts>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.wanted_by",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "Units that want this one once it is enabled: `svctl enable` writes a drop-in for each "
            "of them that adds this unit to its `wants`, and `svctl disable` takes it away. Until "
            "then it means nothing.",
        .operation = "none",
        .source = "confinit",
        .systemd = "WantedBy=",
        .read = read_names<&UnitSection::wanted_by>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.required_by",
        .form = names_form,
        .fallback = "[]",
        .documentation =
            "The same for units that require this one once it is enabled: the drop-in adds to "
            "their `requires`.",
        .operation = "none",
        .source = "confinit",
        .systemd = "RequiredBy=",
        .read = read_names<&UnitSection::required_by>,
        .drop_ins = DropIns::add,
    },
    {
        .path = "unit.optional",
        .form = "an array of keys, such as [\"cgroup.io.weight\", \"namespaces.time\"]",
        .fallback = "[]",
        .documentation =
            "Keys, or whole tables, that the unit may run without where they cannot be put in "
            "force. Of a list of mounts or directories only the entry that fails is left out, a "
            "table is left out as one. What was left out, and why, stands in svctl status and list "
            "for as long as the "
            "unit runs; everything else is in force or the unit does not start.",
        .operation = "none",
        .source = "confinit",
        .systemd = "",
        .read = read_optional,
    },
};

}  // namespace

std::span<const Key> unit_keys() {
    return unit_table;
}

}  // namespace confinit
