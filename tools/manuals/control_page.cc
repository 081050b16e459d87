// SPDX-License-Identifier: Apache-2.0
// The protocol, methods, errors and types of confinit.control(7), from the description of the
// interface and the table of its methods.
#include "manuals/pages.h"

#include "base/text.h"
#include "control/description.h"
#include "control/manager_interface.h"
#include "control/methods.h"
#include "manuals/scdoc.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace confinit {
namespace {

constexpr std::string_view interface_name = "org.confinit.Manager";

std::string_view interface_text() {
    return find_interface_description(interface_name).value_or("");
}

// The definitions that begin with this word, each with the comment above it, as they are written.
std::vector<std::string> definitions(std::string_view word) {
    std::vector<std::string> found;
    std::string block;
    int depth = 0;
    for (const std::string_view line : split(interface_text(), '\n')) {
        if (line.empty() && depth == 0) block.clear();
        block.append(line).push_back('\n');
        if (line.starts_with('#')) continue;
        const std::string_view code = line.substr(0, line.find('#'));
        depth += static_cast<int>(std::ranges::count(code, '('));
        depth -= static_cast<int>(std::ranges::count(code, ')'));
        if (depth > 0 || line.empty()) continue;
        const bool is_wanted = block.starts_with(word) || block.contains("\n" + std::string{word});
        if (is_wanted) found.push_back(std::string{trim(block)});
        block.clear();
    }
    return found;
}

std::string members_text(const std::vector<DescribedMember>& members) {
    std::string text;
    for (const DescribedMember& member : members) {
        text += fmt::format("{}{}: {}{}", text.empty() ? "" : ", ", member.name,
                            member.may_be_absent ? "?" : "", member.type);
    }
    return text.empty() ? "nothing" : text;
}

std::string_view callers_text(Callers callers) {
    switch (callers) {
    case Callers::anyone:
        return "everybody";
    case Callers::operators:
        return "operators";
    case Callers::deputy:
        return "a deputy, in its own name";
    }
    return {};
}

std::string bus_text(std::span<const BusMethod> methods) {
    std::string text;
    for (const BusMethod& method : methods)
        text.append(text.empty() ? "" : ", ").append(method.name);
    return text;
}

std::string method_entry(const DescribedMethod& method) {
    const std::string full = fmt::format("{}.{}", interface_name, method.name);
    const auto row = std::ranges::find(method_table, std::string_view{full}, &MethodInfo::name);
    std::string body = plain(method.documentation) + "\n\n";
    body += fact("Takes", members_text(method.in));
    body += fact("Answers", members_text(method.out));
    if (row != method_table.end()) {
        body += fact("Callers", callers_text(row->callers));
        body += fact("polkit", action_names.name(row->action));
        body += fact("D-Bus", bus_text(row->bus));
    }
    body.erase(body.size() - 3);
    return entry(bold(full), body);
}

}  // namespace

std::string protocol_part() {
    std::string text;
    for (std::string_view line : split(interface_text(), '\n')) {
        if (!line.starts_with('#')) break;
        line.remove_prefix(1);
        text += plain(trim(line)) + "\n";
    }
    return text;
}

std::string methods_part() {
    std::string text;
    for (const DescribedMethod& method : described_methods(interface_text()))
        text += method_entry(method);
    return text;
}

std::string errors_part() {
    std::string text;
    for (const std::string& error : definitions("error "))
        text += literal(error) + "\n";
    return text;
}

std::string types_part() {
    std::string text;
    for (const std::string& type : definitions("type "))
        text += literal(type) + "\n";
    return text;
}

}  // namespace confinit
