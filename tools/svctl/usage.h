// SPDX-License-Identifier: Apache-2.0
// Slips on the command line: what was meant by a verb or an option that there is none of.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace confinit {

using Words = std::span<const std::string_view>;

// "no verb 'stauts': did you mean 'status'?"; of a verb of systemctl's, what does the same here.
std::string unknown_verb(std::string_view word, Words verbs);

// `svctl kill -9 UNIT` and `-HUP`, as kill(1) has it: with the option spelled out.
void spell_out_signal(std::span<std::string> arguments);

// "no option '--folow': did you mean '--follow'?"
std::string unknown_option(std::string_view word, Words options);

}  // namespace confinit
