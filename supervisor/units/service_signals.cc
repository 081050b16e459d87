// SPDX-License-Identifier: Apache-2.0
// NodeSignals: the walks that signal the processes of nodes, a slice of one in each turn of the
// loop.
#include "supervisor/units/service_signals.h"

#include <algorithm>
#include <sys/wait.h>
#include <utility>

namespace confinit {
namespace {

constexpr std::chrono::milliseconds slice{1};
constexpr std::chrono::milliseconds rest{50};

}  // namespace

Result<std::unique_ptr<NodeSignals>> NodeSignals::make(EventLoop& loop) {
    std::unique_ptr<NodeSignals> self{new NodeSignals(loop)};
    NodeSignals* const signals = self.get();
    self->rest_ = TRY(Timer::make(loop, [signals] {
        signals->is_resting_ = false;
        signals->plan_turn();
    }));
    return self;
}

void NodeSignals::go(SignalWalk& walk, Done done) {
    begin({&walk, nullptr, std::move(done)});
}

void NodeSignals::go(std::unique_ptr<SignalWalk> walk, Done done) {
    SignalWalk* const known = walk.get();
    begin({known, std::move(walk), std::move(done)});
}

void NodeSignals::forget(const SignalWalk& walk) {
    entries_.remove_if([&](const Entry& entry) { return entry.walk == &walk; });
}

void NodeSignals::begin(Entry entry) {
    forget(*entry.walk);
    entries_.push_front(std::move(entry));
    take_turn();
}

// One slice of the first walk, which is the last one afterwards.
void NodeSignals::take_turn() {
    if (entries_.empty()) return;
    const SignalWalk::Step step = entries_.front().walk->step(Clock::now() + slice);
    if (step == SignalWalk::Step::over) {
        // It is no entry any more when its owner hears of its end and may let go of it.
        const Entry entry = std::move(entries_.front());
        entries_.pop_front();
        entry.done(entry.walk->status());
    } else {
        entries_.splice(entries_.end(), entries_, entries_.begin());
    }
    if (step == SignalWalk::Step::short_of_descriptors) {
        is_resting_ = true;
        rest_->set(rest);
    }
    plan_turn();
}

void NodeSignals::plan_turn() {
    if (!entries_.empty() && !is_resting_) turn_soon_.ask();
}

ExitStatus exit_status_of_wait(int wait_status) {
    if (WIFEXITED(wait_status)) return {CLD_EXITED, WEXITSTATUS(wait_status)};
    return {WCOREDUMP(wait_status) ? CLD_DUMPED : CLD_KILLED, WTERMSIG(wait_status)};
}

}  // namespace confinit
