// SPDX-License-Identifier: Apache-2.0
// DisconnectKey: notices when Ctrl-] is pressed three times within a second.
//
// In raw mode every key goes to the command; when that is frozen or hangs, this is the way out.
#pragma once

#include <chrono>
#include <string_view>

namespace confinit {

class DisconnectKey {
public:
    using Time = std::chrono::steady_clock::time_point;

    // Looks at what was typed. Any other key in between starts the count anew.
    void see(std::string_view typed, Time now);

    bool is_pressed() const { return is_pressed_; }

private:
    static constexpr char key = 0x1d;
    static constexpr int times = 3;

    int count_ = 0;
    Time first_{};
    bool is_pressed_ = false;
};

}  // namespace confinit
