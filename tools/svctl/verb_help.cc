// SPDX-License-Identifier: Apache-2.0
// help [VERB]: what a verb does and takes; `help json` tells the shapes of documents, and the names
// of pages print these.
#include "svctl/book.h"
#include "svctl/command_line.h"
#include "svctl/human.h"
#include "svctl/output.h"
#include "svctl/usage.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {
namespace {

constexpr std::string_view json_text =
    R"(With --json a verb prints one document, an object in one line, in every case:

    "schema"     1; raised when a member changes its meaning or goes away
    "verb"       the verb
    "exit_code"  what svctl exits with
    "error"      instead of the rest, if nothing could be done: "name" (the Varlink
                 error, or "usage"), "message", and what came with it

and beside these

    start stop restart reload kill freeze thaw reset-failed
                 "units": an array of {"unit"}, with "notes" of start, stop, restart,
                 reload and kill; and with "error" for each unit that was refused
    enable disable
                 "units": {"unit", "created", "removed", "notes"}; with --now these,
                 and "error" where the job has failed
    set          "changes": an array of one {"values": an array of LimitValue,
                 "files", "in_force", "notes"}
    revert       "values", "files", "in_force" and "notes", as in set's changes
    enter        "unit", "pid", "stdout", "stderr", "truncated", and "code" or "signal"
    status       "units": UnitStatus with "unit"; without a unit "machine": {"state",
                 "counts": how many are in which state, and "all"; "failed" and
                 "pending": {"name", "sub", "reason"}; "drift": {"name", "keys"};
                 "version": as of version}
    list         "units": an array of UnitSummary
    show         "units": {"unit", "properties", "origins": those keys that drop-ins
                 give, each with "FILE:LINE", and "hidden" if some are left out}; with
                 --filter the profile
    cat          "units": {"unit", "files": {"path", "text"}}
    verify       "units": {"unit", "same", "items": an array of VerifyItem, "outdated",
                 and "hidden" if values are left out}
    logs         "unit" and "lines": an array of LogLine; a document for each unit
    events       "events": an array of UnitEvent
    check        "files": {"file", "problems", "warnings", "missing"}; a problem has
                 "file", "line", "column", "key", "message", "nearest", "text"
    plan         "unit", "lines": {"step", "what", "key", "asked_by": "unit", "default"
                 or "launch"}, "left_out": {"key", "failure"}, "warnings" and "digest"
    explain      "keys": {"path", "form", "default", "documentation", "operation",
                 "source", "systemd", "drop_ins"}; where they are asked for "sets":
                 {"name", "version", "description", "members", "calls"}, "calls":
                 {"name", "number", "sets"}, and "foreign": {"word", "advice"}
    probe        "features": an array of Feature
    version      "svctl", and "confinit": {"version", "pid", "mode", "kernel"}
    daemon-reload
                 "problems" and "notes"
    poweroff reboot halt
                 nothing more

UnitStatus, UnitSummary, LimitValue, VerifyItem, LogLine, UnitEvent and Feature are
types of the control interface: GetInterfaceDescription of org.confinit.Manager gives
its text. With --follow, further documents of the same shape come as things happen.
)";

int run_help(const Context& context, const std::string& topic) {
    if (topic.empty()) print(help_of_svctl());
    if (topic == "json") print(json_text);
    if (topic.empty() || topic == "json") return 0;
    if (const Verb* verb = find_verb(topic)) {
        print(help_of(*verb));
        return 0;
    }
    if (const BookPage* page = find_book_page(topic)) {
        print(text_of(*page));
        return 0;
    }
    std::vector<std::string_view> words;
    for (const Verb& verb : all_verbs())
        words.push_back(verb.name);
    for (const BookPage& page : book_pages())
        words.push_back(page.name);
    return report_refusal(context, {.name = "usage", .message = unknown_verb(topic, words)});
}

std::string pages_text() {
    Table table{2};
    for (const BookPage& page : book_pages())
        table.add({std::string{page.name}, std::string{title_of(page)}});
    return "Pages:\n" + table.text();
}

}  // namespace

VerbAction declare_help(Syntax& syntax) {
    auto topic = std::make_unique<std::string>();
    syntax.add("VERB", topic.get(), "a verb, a page, or \"json\" for the shapes of --json");
    static const std::string pages = pages_text();
    syntax.footer = pages;
    return [topic = std::move(topic)](const Context& context) {
        return run_help(context, *topic);
    };
}

}  // namespace confinit
