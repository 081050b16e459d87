// SPDX-License-Identifier: Apache-2.0
// What svctl writes: text for people, JSON documents of one schema, and refusals in both.
#pragma once

#include "svctl/context.h"
#include "svctl/request.h"

#include <string>
#include <string_view>

namespace confinit {

// Raised when a field of a document changes its meaning or goes away; a new field raises nothing.
inline constexpr int schema_version = 1;

// To standard output, through the C library's buffer.
void print(std::string_view text);

// One line to standard error, with the program's name in front.
void print_error(std::string_view message);

// A text of one line that came from a service, a unit file or the supervisor, safe for a terminal
// unless --raw asks for it as it is.
std::string shown(const Context& context, std::string_view text);

// The same for a text of many lines; each ends with a newline.
std::string shown_lines(const Context& context, std::string_view text);

// Prints one line of JSON: the given members, and "schema", "verb" and "exit_code". Returns the
// exit code, which for `enter` may be any.
int print_document(const Context& context, Json members, ExitCode code = ExitCode::done);
int print_document(const Context& context, Json members, int code);

// {"name", "message"} and whatever else came with the refusal.
Json refusal_json(const Refusal& refusal);

// The "notes" of a reply on standard error: what was done was perhaps not what was meant.
void print_notes(const Context& context, const Json& reply);

// The refusal on standard error, after its notes, with the problems of a unit file one a line.
void print_refusal(const Context& context, const Refusal& refusal);

// Ends a verb that was refused: a document with "error", or the text. Returns the exit code.
int report_refusal(const Context& context, const Refusal& refusal);

}  // namespace confinit
