// SPDX-License-Identifier: Apache-2.0
// Soon: work that runs once after the present callbacks, however often it is asked for meanwhile.
#pragma once

#include "supervisor/loop/event_loop.h"

#include <functional>
#include <utility>

namespace confinit {

// It must outlive the loop's next turn.
class Soon {
public:
    Soon(EventLoop& loop, std::function<void()> work) : loop_(loop), work_(std::move(work)) {}
    Soon(const Soon&) = delete;
    Soon& operator=(const Soon&) = delete;
    ~Soon() = default;

    void ask() {
        if (is_asked_) return;
        loop_.defer([this] {
            is_asked_ = false;
            work_();
        });
        // There may be no memory to defer it: then it can be asked for again.
        is_asked_ = true;
    }

private:
    EventLoop& loop_;
    std::function<void()> work_;
    bool is_asked_ = false;
};

}  // namespace confinit
