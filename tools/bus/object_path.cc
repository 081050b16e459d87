// SPDX-License-Identifier: Apache-2.0
// Names of units as the last part of an object path, and back.
#include "bus/object_path.h"

#include "base/text.h"

namespace confinit {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_letter(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

}  // namespace

std::string encode_label(std::string_view name) {
    if (name.empty()) return "_";
    std::string label;
    for (const char byte : name) {
        if (is_letter(byte) || (is_digit(byte) && !label.empty())) {
            label.push_back(byte);
            continue;
        }
        const auto number = static_cast<unsigned char>(byte);
        label.push_back('_');
        label.push_back(digits[number / 16]);
        label.push_back(digits[number % 16]);
    }
    return label;
}

std::optional<std::string> decode_label(std::string_view label) {
    std::string name;
    if (label != "_") {
        for (std::size_t at = 0; at < label.size(); ++at) {
            if (label[at] != '_') {
                name.push_back(label[at]);
                continue;
            }
            if (label.size() - at < 3) return std::nullopt;
            const std::size_t high = digits.find(label[at + 1]);
            const std::size_t low = digits.find(label[at + 2]);
            if (high == std::string_view::npos || low == std::string_view::npos)
                return std::nullopt;
            name.push_back(static_cast<char>(high * 16 + low));
            at += 2;
        }
    }
    // One name has one label: "_61" is another way to write "a", and is nobody's.
    if (encode_label(name) != label) return std::nullopt;
    return name;
}

std::string unit_path(std::string_view unit) {
    return std::string{unit_path_prefix} + encode_label(unit);
}

std::string job_path(std::uint64_t job) {
    return std::string{job_path_prefix} + std::to_string(job);
}

}  // namespace confinit
