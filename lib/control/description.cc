// SPDX-License-Identifier: Apache-2.0
// The methods of an interface description: their names, types, and the comments above them.
#include "control/description.h"

#include "base/text.h"

#include <algorithm>

namespace confinit {
namespace {

// The text without its comments.
std::string without_comments(std::string_view text) {
    std::string code;
    for (const std::string_view line : split(text, '\n'))
        code.append(line.substr(0, line.find('#'))).push_back('\n');
    return code;
}

// The end of the group that begins here with '(', behind its ')'.
std::size_t end_of_group(std::string_view text) {
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '(') ++depth;
        if (text[at] == ')' && --depth == 0) return at + 1;
    }
    return text.size();
}

DescribedMember member_of(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    DescribedMember member{.name = std::string{trim(text.substr(0, colon))}};
    std::string_view type = trim(text.substr(std::min(colon + 1, text.size())));
    member.may_be_absent = type.starts_with('?');
    if (member.may_be_absent) type.remove_prefix(1);
    member.type = type;
    return member;
}

// "(name: type, ...)"; commas inside of a type's own brackets separate nothing.
std::vector<DescribedMember> members_of(std::string_view group) {
    std::vector<DescribedMember> members;
    const std::string_view inside = group.substr(1, group.size() - 2);
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at <= inside.size(); ++at) {
        const char byte = at < inside.size() ? inside[at] : ',';
        if (byte == '(') ++depth;
        if (byte == ')') --depth;
        if (byte != ',' || depth > 0) continue;
        const std::string_view member = trim(inside.substr(begin, at - begin));
        if (!member.empty()) members.push_back(member_of(member));
        begin = at + 1;
    }
    return members;
}

DescribedMethod method_of(std::string_view definition, std::string documentation) {
    const std::string code = without_comments(definition);
    std::string_view rest = code;
    const std::size_t begin = rest.find('(');
    DescribedMethod method{.name = std::string{trim(rest.substr(0, begin))},
                           .documentation = std::move(documentation)};
    rest.remove_prefix(begin);
    const std::size_t end = end_of_group(rest);
    method.in = members_of(rest.substr(0, end));
    rest.remove_prefix(end);
    rest.remove_prefix(std::min(rest.find('('), rest.size()));
    if (!rest.empty()) method.out = members_of(rest.substr(0, end_of_group(rest)));
    return method;
}

}  // namespace

std::vector<DescribedMethod> described_methods(std::string_view interface) {
    constexpr std::string_view word = "method ";
    std::vector<DescribedMethod> methods;
    std::string comment;
    for (std::size_t at = 0; at < interface.size();) {
        const std::size_t end = std::min(interface.find('\n', at), interface.size());
        const std::string_view line = interface.substr(at, end - at);
        if (line.starts_with('#')) {
            if (!comment.empty()) comment += ' ';
            comment += trim(line.substr(1));
        } else {
            if (line.starts_with(word)) {
                methods.push_back(method_of(interface.substr(at + word.size()), comment));
            }
            comment.clear();
        }
        at = end + 1;
    }
    return methods;
}

}  // namespace confinit
