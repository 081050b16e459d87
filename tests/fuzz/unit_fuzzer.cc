// SPDX-License-Identifier: Apache-2.0
// Fuzzes the unit reader: any bytes are a unit, or refused with problems that have texts.
#include "../unit/test_vocabulary.h"
#include "unit/loader.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace confinit {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// Text from a file must not drive the terminal that it is shown on.
bool is_printable(std::string_view text) {
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if ((value < 0x20 && byte != '\t') || value == 0x7f) return false;
    }
    return true;
}

void check_problems(const std::vector<Problem>& problems) {
    require(!problems.empty() && problems.size() <= 101);
    for (const Problem& problem : problems) {
        const std::string text = problem.text();
        require(!problem.message.empty() && text.starts_with("fuzz.toml"));
        require(is_printable(text));
    }
}

// What a launch relies on without looking again.
void check_unit(const Unit& unit) {
    require(unit.name == "fuzz@1" && unit.instance == "1");
    if (!unit.service) return;
    require(!unit.service->command.empty() && unit.service->command.front().starts_with('/'));
    for (const std::string& word : unit.service->command) {
        require(word.find('\0') == std::string::npos);
    }
    require(unit.mounts.bind.empty() || unit.namespaces.mount);
    for (const auto& [key, text] : unit.declared)
        require(unit.locations.contains(key));
}

}  // namespace
}  // namespace confinit

// libFuzzer's name for its entry.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto vocabulary = confinit::test_vocabulary();
    const auto unit = confinit::parse_unit("fuzz@1", "fuzz.toml", text, vocabulary);
    if (unit) {
        confinit::check_unit(*unit);
    } else {
        confinit::check_problems(unit.error());
    }
    return 0;
}
