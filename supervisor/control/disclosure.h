// SPDX-License-Identifier: Apache-2.0
// Disclosure: what one call tells its caller of units whose files the caller could not read.
//
// The values of keys, and all texts that quote them, are left out: declared values, the
// description, warnings, the failure of a launch. The name of a unit, its group and its files are
// told to everybody, and so are names of keys and what the kernel shows to every user, such as the
// limits of a node or how long a start took.
#pragma once

#include "supervisor/control/server.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

class Disclosure {
public:
    Disclosure(ControlContext& context, const Responder& responder);

    // Whether the caller is shown everything.
    bool is_full() const { return is_full_; }

    // Whether the caller is shown the keys of a unit, which may have been forgotten since.
    bool shows(std::string_view unit);

    // The text in place of the keys of this unit; absent where the caller is shown them.
    const std::optional<std::string>& hidden(const Service& service);

    // Takes out of a UnitSummary or UnitStatus what is not for the caller.
    void limit(Json& unit, const Service& service);
    // Takes out of a summary why the unit's files do not load: that quotes them.
    void hide_problems(Json& unit) const;
    // An item of a unit's verify.
    void limit_item(Json& item, const Service& service);
    // A problem of a unit's files, or a note about them; only the file where the caller could not
    // read it.
    std::string told(std::string problem) const;
    // The text of an event of a unit, which may have been forgotten since.
    std::string told(const UnitEvent& event);

private:
    // The beginning of a text, up to the colon of this number.
    static std::string outline(std::string_view text, std::size_t colons = 1);
    void limit_reason(Json& unit, const char* field, bool is_hidden) const;

    ControlContext& context_;
    PeerIds caller_;
    bool is_full_;
    std::map<std::string, std::optional<std::string>, std::less<>> hidden_;
};

// In place of why the files of a unit do not load.
inline constexpr std::string_view problems_are_hidden = "why is told to user 0";

}  // namespace confinit
