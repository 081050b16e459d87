// SPDX-License-Identifier: Apache-2.0
// Words and paragraphs of scdoc(5), the language that the manuals are written in.
#include "manuals/scdoc.h"

#include "base/text.h"

#include <fmt/format.h>

namespace confinit {
namespace {

// Those that begin a format inside of a line, and those that begin a block at the start of one.
constexpr std::string_view special = "\\*_#-.`[]|;+";

}  // namespace

std::string plain(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        if (special.contains(byte)) escaped.push_back('\\');
        escaped.push_back(byte == '\n' ? ' ' : byte);
    }
    return escaped;
}

std::string bold(std::string_view text) {
    return "*" + plain(text) + "*";
}

std::string underlined(std::string_view text) {
    return "_" + plain(text) + "_";
}

std::string entry(const std::string& head, std::string_view body) {
    std::string text = head + "\n";
    bool continues = false;
    for (const std::string_view line : split(trim(body), '\n')) {
        // Behind a break scdoc would print the tab.
        text.append(line.empty() || continues ? "" : "\t").append(line).push_back('\n');
        continues = line.ends_with("++");
    }
    return text + "\n";
}

std::string fact(std::string_view name, std::string_view value) {
    return value.empty() ? std::string{} : fmt::format("{}: {}++\n", name, plain(value));
}

std::string literal(std::string_view lines) {
    return fmt::format("```\n{}\n```\n", trim(lines));
}

}  // namespace confinit
