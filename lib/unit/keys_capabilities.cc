// SPDX-License-Identifier: Apache-2.0
// The keys of [capabilities]: what of root's power the service has or can ever get.
#include "base/letter_case.h"
#include "unit/forms.h"
#include "unit/keys.h"

#include <algorithm>

namespace confinit {
namespace {

constexpr std::string_view set_form =
    "\"all\" or an array of capability names such as [\"net_raw\"], or of exceptions such as "
    "[\"~sys_admin\"]";
constexpr CapabilityMask all_capabilities = ~CapabilityMask{0};

// The word that the vocabulary's names are compared with: "net_raw" for "CAP_NET_RAW".
std::string plain_name(std::string_view name) {
    std::string plain = in_lower_case(name);
    return plain.starts_with("cap_") ? plain.substr(4) : plain;
}

std::optional<CapabilityMask> read_capability(const Value& value, std::string_view name) {
    const auto number = value.vocabulary().capability_number(name);
    if (number) return CapabilityMask{1} << *number;
    value.refuse("there is no capability " + quoted(name),
                 value.nearest(plain_name(name), value.vocabulary().capability_names));
    return std::nullopt;
}

struct Entry {
    CapabilityMask bit = 0;
    bool is_exception = false;
};

std::optional<Entry> read_entry(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const bool is_exception = word->starts_with('~');
    const auto bit = read_capability(value, std::string_view{*word}.substr(is_exception ? 1 : 0));
    if (!bit) return std::nullopt;
    return Entry{*bit, is_exception};
}

bool is_all(const Value& value) {
    const std::string* text = value.if_text();
    return text != nullptr && *text == "all";
}

// Absent when anything in it is wrong: half a set would be another set.
std::optional<CapabilityMask> read_set(const Value& value) {
    if (is_all(value)) return all_capabilities;
    const auto elements = value.elements("the name of a capability such as \"net_raw\"");
    if (!elements) return std::nullopt;
    if (elements->size() == 1 && is_all(elements->front())) return all_capabilities;

    CapabilityMask mask = 0;
    std::optional<bool> are_exceptions;
    bool is_good = true;
    for (const Value& element : *elements) {
        const auto entry = read_entry(element);
        is_good = is_good && entry;
        if (!entry) continue;
        if (are_exceptions.value_or(entry->is_exception) != entry->is_exception) {
            element.refuse("names and exceptions ('~') cannot be mixed in one set");
            return std::nullopt;
        }
        are_exceptions = entry->is_exception;
        mask |= entry->bit;
    }
    if (!is_good) return std::nullopt;
    return are_exceptions.value_or(false) ? all_capabilities & ~mask : mask;
}

void read_bounding(const Value& value, Unit& unit) {
    assign(unit.capabilities.bounding, read_set(value));
}

void read_ambient(const Value& value, Unit& unit) {
    assign(unit.capabilities.ambient, read_set(value));
}

std::optional<unsigned> read_securebit(const Value& value) {
    const auto word = value.word();
    if (!word) return std::nullopt;
    const auto& bits = value.vocabulary().securebits;
    const auto found =
        std::ranges::find(bits, *word, &std::pair<std::string_view, unsigned>::first);
    if (found != bits.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& bit : bits)
        names.push_back(bit.first);
    value.refuse("there is no securebit " + confinit::quoted(*word), value.nearest(*word, names));
    return std::nullopt;
}

void read_securebits(const Value& value, Unit& unit) {
    for (const unsigned bit : list_of(value, "the name of a securebit", read_securebit)) {
        unit.capabilities.securebits |= bit;
    }
}

void read_no_new_privs(const Value& value, Unit& unit) {
    assign(unit.capabilities.no_new_privs, value.boolean());
}

constexpr Key capabilities_table[] = {
    {
        .path = "capabilities.bounding",
        .form = set_form,
        .fallback = "all that the supervisor has",
        .documentation =
            "The capabilities that the service can ever have, even through a setuid or "
            "file-capability program; the rest is dropped for good. [] drops everything: root "
            "without any capability is little more than an ordinary user who owns much. It gives "
            "nothing: a user that is not root gets a capability by capabilities.ambient. "
            "Names may be written \"net_raw\" or \"CAP_NET_RAW\"; exceptions mean all but these.",
        .operation = "prctl(2) PR_CAPBSET_DROP for each other one; capset(2)",
        .source = "capabilities(7), prctl(2)",
        .systemd = "CapabilityBoundingSet=",
        .read = read_bounding,
    },
    {
        .path = "capabilities.ambient",
        .form = set_form,
        .fallback = "[]",
        .documentation =
            "The capabilities that the program has although its user is not root, and passes on "
            "to programs that it executes. They must be within the bounding set.",
        .operation = "capset(2), then prctl(2) PR_CAP_AMBIENT_RAISE for each one",
        .source = "capabilities(7), prctl(2)",
        .systemd = "AmbientCapabilities=",
        .read = read_ambient,
    },
    {
        .path = "capabilities.securebits",
        .form = "an array of names such as [\"noroot\", \"noroot-locked\"]",
        .fallback = "[]",
        .documentation =
            "Flags that take the special treatment of user id 0 away: with noroot, becoming root "
            "gives no capabilities.",
        .operation = "prctl(2) PR_SET_SECUREBITS",
        .source = "capabilities(7), \"The securebits flags\"",
        .systemd = "SecureBits=",
        .read = read_securebits,
    },
    {
        .path = "capabilities.no_new_privs",
        .form = boolean_form,
        .fallback = "true with a [seccomp] table, else false",
        .documentation =
            "Executing a program gives the service no privilege that it does not have already: "
            "setuid and setgid bits and file capabilities have no effect. A system call filter "
            "needs it, so false beside [seccomp] is refused.",
        .operation = "prctl(2) PR_SET_NO_NEW_PRIVS",
        .source = "Documentation/userspace-api/no_new_privs.rst, prctl(2)",
        .systemd = "NoNewPrivileges=",
        .read = read_no_new_privs,
    },
};

}  // namespace

std::span<const Key> capabilities_keys() {
    return capabilities_table;
}

}  // namespace confinit
