// SPDX-License-Identifier: Apache-2.0
// Forms: how the values that several keys share are written: paths, sizes, durations, choices.
#include "unit/forms.h"

#include "unit/keys.h"
#include "unit/systemd_words.h"
#include "unit/unit_name.h"

#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <climits>

namespace confinit {
namespace {

constexpr std::chrono::hours longest_duration{24 * 3650};

bool is_control_character(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

bool is_number(std::string_view word) {
    return parse_unsigned(word).has_value();
}

bool leads_through_a_process(std::string_view path) {
    const auto parts = split(path.substr(1), '/');
    if (parts.size() < 2) return false;
    if (parts[0] == "dev") return parts[1] == "fd";
    return parts[0] == "proc" &&
           (parts[1] == "self" || parts[1] == "thread-self" || is_number(parts[1]));
}

std::optional<std::string> read_faultless(const Value& value,
                                          std::string (*fault_of)(std::string_view)) {
    auto path = value.word();
    if (!path) return std::nullopt;
    if (std::string fault = fault_of(*path); !fault.empty()) {
        value.refuse(std::move(fault));
        return std::nullopt;
    }
    return path;
}

}  // namespace

std::string path_fault(std::string_view path) {
    if (!path.starts_with('/')) return quoted(path) + " is not an absolute path";
    if (path.size() >= PATH_MAX) return "the path is longer than the kernel takes";
    if (std::ranges::any_of(path, is_control_character)) {
        return quoted(path) + " has a control character";
    }
    if (path == "/") return {};
    for (const std::string_view part : split(path.substr(1), '/')) {
        if (part.empty()) return quoted(path) + " has an empty part; write it with single slashes";
        if (part == "." || part == "..") {
            return quoted(path) + " has the part '" + std::string{part} + "'; write it without";
        }
    }
    return {};
}

std::string plain_path_fault(std::string_view path) {
    std::string fault = path_fault(path);
    if (fault.empty() && leads_through_a_process(path)) {
        fault = quoted(path) + " leads through the descriptors of a process";
    }
    return fault;
}

std::optional<std::string> read_path(const Value& value) {
    return read_faultless(value, path_fault);
}

std::optional<std::string> read_plain_path(const Value& value) {
    return read_faultless(value, plain_path_fault);
}

namespace {

// Words for units that people also write, with ours. Of sizes the capital letters are the kernel's.
struct UnitWord {
    std::string_view word;
    std::string_view own;
};
constexpr UnitWord duration_words[] = {
    {"", "s"},          {"sec", "s"},  {"secs", "s"},   {"second", "s"},
    {"seconds", "s"},   {"m", "min"},  {"mins", "min"}, {"minute", "min"},
    {"minutes", "min"}, {"hr", "h"},   {"hour", "h"},   {"hours", "h"},
    {"day", "d"},       {"days", "d"}, {"msec", "ms"},  {"usec", "us"},
};
constexpr UnitWord size_words[] = {
    {"k", "K"},  {"m", "M"},   {"g", "G"},   {"t", "T"},   {"KB", "K"},  {"MB", "M"}, {"GB", "G"},
    {"TB", "T"}, {"KiB", "K"}, {"MiB", "M"}, {"GiB", "G"}, {"TiB", "T"}, {"Ki", "K"}, {"Mi", "M"},
    {"Gi", "G"}, {"Ti", "T"},  {"kB", "K"},  {"kb", "K"},  {"mb", "M"},  {"gb", "G"},
};

// "30s" for "30" and "30 sec"; empty where the text is no number with such a word.
std::string with_own_word(std::string_view text, std::span<const UnitWord> words) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view word = trim(text.substr(digits));
    const auto known = std::ranges::find(words, word, &UnitWord::word);
    if (digits == 0 || known == words.end()) return {};
    return std::string{text.substr(0, digits)} + std::string{known->own};
}

constexpr UnitWord kernel_words[] = {{"K", "K"}, {"M", "M"}, {"G", "G"}, {"T", "T"}};

// "64M" for "64 M" and "64MB".
std::string nearest_size(std::string_view text) {
    std::string with_kernel_word = with_own_word(text, kernel_words);
    return with_kernel_word.empty() ? with_own_word(text, size_words) : with_kernel_word;
}

}  // namespace

std::optional<std::uint64_t> read_size(const Value& value) {
    if (const auto bytes = value.if_integer(); bytes && *bytes >= 0) {
        return static_cast<std::uint64_t>(*bytes);
    }
    const std::string* text = value.if_text();
    const auto size = text != nullptr ? parse_size(*text) : std::nullopt;
    if (!size) value.mismatch(text != nullptr ? nearest_size(*text) : std::string{});
    return size;
}

std::optional<std::chrono::microseconds> read_duration(const Value& value) {
    const std::string* text = value.if_text();
    const auto duration = text != nullptr ? parse_duration(*text) : std::nullopt;
    if (!duration) {
        const auto number = value.if_integer();
        const std::string given = text != nullptr ? *text : number ? std::to_string(*number) : "";
        value.mismatch(with_own_word(given, duration_words));
        return std::nullopt;
    }
    if (*duration > longest_duration) {
        value.refuse(quoted(*text) + " is longer than ten years");
        return std::nullopt;
    }
    return duration;
}

std::optional<std::chrono::microseconds> read_timeout(const Value& value) {
    const auto duration = read_duration(value);
    if (duration && duration->count() == 0) {
        value.refuse("a timeout must be longer than zero");
        return std::nullopt;
    }
    return duration;
}

std::optional<unsigned> read_mode(const Value& value, unsigned highest) {
    const std::string* text = value.if_text();
    unsigned mode = 0;
    if (text != nullptr && !text->empty()) {
        const char* end = text->data() + text->size();
        const auto [rest, error] = std::from_chars(text->data(), end, mode, 8);
        if (error == std::errc{} && rest == end && mode <= highest) return mode;
    }
    value.mismatch();
    return std::nullopt;
}

void refuse_choice(const Value& value, std::span<const std::string_view> words) {
    const std::string* text = value.if_text();
    if (text == nullptr) return value.mismatch();
    const Key* key = find_key(value.key());
    std::string directive;
    if (key != nullptr && !key->systemd.empty()) {
        directive = key->systemd.substr(0, key->systemd.find('=') + 1);
    }
    const auto advice =
        directive.ends_with('=') ? advice_for_directive(directive + *text) : std::string_view{};
    if (advice.empty()) return value.mismatch(value.nearest(*text, words));
    value.refuse("expected " + std::string{key->form} + "; got " + quoted(*text) + ": " +
                 std::string{advice});
}

std::optional<unsigned> percentage(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    const auto number = parse_unsigned(text);
    if (!number || *number < 1 || *number > 100) return std::nullopt;
    return static_cast<unsigned>(*number);
}

std::optional<std::string> read_unit_name(const Value& value) {
    auto name = value.word();
    if (!name) return std::nullopt;
    if (!is_valid_unit_name(*name)) {
        value.refuse(unit_name_fault(*name));
        return std::nullopt;
    }
    if (name->ends_with(".toml")) {
        value.refuse("unit names are written without '.toml'", name->substr(0, name->size() - 5));
        return std::nullopt;
    }
    if (split_unit_name(*name).is_template()) {
        value.refuse(quoted(*name) + " is a template; name one instance of it, as in '" + *name +
                     "1'");
        return std::nullopt;
    }
    if (*name == value.unit_name()) {
        value.refuse("a unit cannot depend on itself");
        return std::nullopt;
    }
    return name;
}

}  // namespace confinit
