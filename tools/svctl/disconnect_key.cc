// SPDX-License-Identifier: Apache-2.0
// DisconnectKey: notices when Ctrl-] is pressed three times within a second.
#include "svctl/disconnect_key.h"

namespace confinit {

void DisconnectKey::see(std::string_view typed, Time now) {
    for (const char c : typed) {
        if (c != key) {
            count_ = 0;
            continue;
        }
        if (count_ == 0 || now - first_ > std::chrono::seconds{1}) {
            first_ = now;
            count_ = 0;
        }
        if (++count_ == times) is_pressed_ = true;
    }
}

}  // namespace confinit
