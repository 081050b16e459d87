// SPDX-License-Identifier: Apache-2.0
// Part of the build: `manuals FILE` prints a manual, a completion or the schema with the parts that
// come from the tables in it, where a line is "@NAME@".
#include "manuals/completions.h"
#include "manuals/pages.h"
#include "manuals/schema.h"
#include "svctl/book.h"

#include "base/text.h"

#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace confinit {
namespace {

struct Part {
    std::string_view name;
    std::string (*text)();
};

constexpr Part parts[] = {
    {"@SVCTL_OPTIONS@", svctl_options_part},
    {"@VERBS@", verbs_part},
    {"@EXIT_CODES@", exit_codes_part},
    {"@KEYS@", keys_part},
    {"@PROTOCOL@", protocol_part},
    {"@METHODS@", methods_part},
    {"@ERRORS@", errors_part},
    {"@TYPES@", types_part},
    {"@BASH_VERBS@", bash_verbs_part},
    {"@BASH_ARGUMENTS@", bash_arguments_part},
    {"@BASH_VALUES@", bash_values_part},
    {"@ZSH_VERBS@", zsh_verbs_part},
    {"@ZSH_OPTIONS@", zsh_options_part},
    {"@ZSH_ARGUMENTS@", zsh_arguments_part},
    {"@FISH@", fish_part},
    {"@SCHEMA@", unit_schema},
    {"@SYSTEMD_WORDS@", systemd_words_text},
};

std::optional<std::string> read_text(const char* path) {
    std::ifstream file{path};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

std::string with_version(std::string_view line) {
    constexpr std::string_view word = "@VERSION@";
    std::string text{line};
    const std::size_t at = text.find(word);
    return at == std::string::npos ? text : text.replace(at, word.size(), CONFINIT_VERSION);
}

std::string with_parts(std::string_view page) {
    std::string text;
    if (page.ends_with('\n')) page.remove_suffix(1);
    for (const std::string_view line : split(page, '\n')) {
        std::string shown = with_version(line) + "\n";
        for (const Part& part : parts)
            if (part.name == line) shown = part.text();
        text += shown;
    }
    return text;
}

}  // namespace
}  // namespace confinit

int main(int argc, char** argv) {
    const auto page = argc == 2 ? confinit::read_text(argv[1]) : std::nullopt;
    if (!page) {
        fmt::print(stderr, "usage: manuals FILE\n");
        return 1;
    }
    fmt::print("{}", confinit::with_parts(*page));
    return std::fflush(stdout) == 0 ? 0 : 1;
}
