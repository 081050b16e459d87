// SPDX-License-Identifier: Apache-2.0
// What svctl writes: text for people, JSON documents of one schema, and refusals in both.
#include "svctl/output.h"

#include "base/text.h"
#include "control/fields.h"

#include <cstdio>
#include <utility>

namespace confinit {

void print(std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_error(std::string_view message) {
    // What went before belongs above it when both streams are one terminal.
    (void)std::fflush(stdout);
    std::string line = "svctl: ";
    line.append(message).push_back('\n');
    (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string shown(const Context& context, std::string_view text) {
    return context.raw ? std::string{text} : escape_control_characters(text);
}

std::string shown_lines(const Context& context, std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    std::string safe;
    for (const std::string_view line : split(text, '\n')) {
        safe.append(shown(context, line)).push_back('\n');
    }
    return safe;
}

int print_document(const Context& context, Json members, ExitCode code) {
    return print_document(context, std::move(members), std::to_underlying(code));
}

int print_document(const Context& context, Json members, int code) {
    members["schema"] = schema_version;
    members["verb"] = context.verb;
    members["exit_code"] = code;
    print(dump(members) + "\n");
    return code;
}

Json refusal_json(const Refusal& refusal) {
    Json error = refusal.parameters;
    error["message"] = refusal.message;
    error["name"] = refusal.name;
    return error;
}

void print_notes(const Context& context, const Json& reply) {
    for (const std::string& note :
         find_strings(reply, "notes").value_or(std::vector<std::string>{})) {
        print_error(shown(context, note));
    }
}

void print_refusal(const Context& context, const Refusal& refusal) {
    print_notes(context, refusal.parameters);
    print_error(shown(context, refusal.message));
    const auto problems = find_strings(refusal.parameters, "problems");
    if (!problems) return;
    for (const std::string& problem : *problems) {
        // The message tells the first problem already.
        if (!refusal.message.contains(problem)) print_error(shown(context, problem));
    }
}

int report_refusal(const Context& context, const Refusal& refusal) {
    if (context.json) {
        return print_document(context, {{"error", refusal_json(refusal)}}, refusal.code);
    }
    print_refusal(context, refusal);
    return std::to_underlying(refusal.code);
}

}  // namespace confinit
