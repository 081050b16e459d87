// SPDX-License-Identifier: Apache-2.0
// Launch: one launch under way, from the process that is asked for to the end of the main process.
#include "supervisor/units/launch.h"

#include "base/packed_error.h"
#include "supervisor/helpers/launcher.h"
#include "supervisor/units/service_signals.h"

#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <utility>

namespace confinit {

Launch::Launch(Machinery& machinery, Hands::Owner owner, Listener listener)
    : machinery_(machinery), owner_(owner), listener_(std::move(listener)) {}

Launch::~Launch() {
    if (explaining_) machinery_.planner.cancel(*explaining_);
    watch_.reset();
    machinery_.launches_under_way.erase(this);
    if (request_) machinery_.launcher.forget(*request_);
    if (first_pid() > 0 && !has_ended()) {
        if (main_.pid() > 0) machinery_.reaper.forget(main_.pid());
        // Until its end the child may write its last words.
        machinery_.reaper.adopt(first_pid(), [words = std::make_shared<LastWordsPage>(
                                                  std::move(spawned_.last_words))](ExitStatus) {});
    }
    let_go(machinery_.loop, std::move(spawned_.report_socket), owner_);
    let_go(machinery_.loop, std::move(spawned_.exit_socket), owner_);
}

Status Launch::begin(const LaunchPlan& plan, int node, Streams streams, Maker maker) {
    plan_ = &plan;
    PreparedLaunch prepared =
        TRY(prepare_launch(plan, node, std::move(streams), machinery_.clone_method));
    if (maker == Maker::launcher) {
        request_.reset(new LaunchRequest{
            .plan = &plan, .prepared = std::move(prepared), .done = [this](auto made) {
                on_made(std::move(made));
            }});
        if (machinery_.launcher.ask(*request_)) return {};
        prepared = std::move(request_->prepared);
        request_.reset();
    }
    MadeProcesses made;
    return take(TRY(spawn_prepared(plan, std::move(prepared), made)));
}

// The request's own callback is on the stack.
void Launch::on_made(Result<Spawned> made) {
    const auto request = std::move(request_);
    is_launcher_lost_ = request->is_lost();
    if (made) {
        auto taken = take(std::move(*made));
        if (taken) return;
        failure_ = std::move(taken).error();
    } else {
        failure_ = std::move(made).error();
    }
    end_without_process(*request);
}

void Launch::end_without_process(LaunchRequest& request) {
    // A preparer without a child has made directories, which go once it has ended.
    if (request.made.preparer) spawned_.preparer = std::move(request.made.preparer);
    kill_beside_node();
    phase_ = phase_after(phase_, LaunchEvent::refused);
    if (has_ended()) end({CLD_EXITED, exit_setup_failed});
}

// A launcher that stands still must not keep a stop waiting for a process that never was.
void Launch::give_up_request() {
    machinery_.launcher.cancel(*request_);
    machinery_.launcher.look(*request_);
    if (!request_) return;
    const auto request = std::move(request_);
    machinery_.launcher.forget(*request);
    failure_ = Error{.hint = "the launcher, confinit-launcher, has not made its process"};
    end_without_process(*request);
}

Status Launch::take(Spawned made) {
    spawned_ = std::move(made);
    machinery_.launches_under_way.insert(this);
    phase_ = phase_after(phase_, LaunchEvent::made);
    machinery_.reaper.adopt(first_pid(), [this](ExitStatus status) { on_first_exit(status); });
    if (spawned_.failure) {
        phase_ = phase_after(phase_, LaunchEvent::failed);
        failure_ = std::exchange(spawned_.failure, std::nullopt);
    }
    if (is_to_die_) kill_processes();
    if (listener_.made) listener_.made();
    auto watch =
        machinery_.loop.on_fd(spawned_.report_socket, EPOLLIN, [this](std::uint32_t) { drain(); });
    if (!watch) {
        kill_processes();
        return std::unexpected(std::move(watch).error());
    }
    watch_ = std::move(*watch);
    return {};
}

void Launch::drain() {
    if (request_) machinery_.launcher.look(*request_);
    while (spawned_.report_socket) {
        auto received = receive_report(spawned_.report_socket, &spawned_.last_words);
        if (!received || std::holds_alternative<HungUp>(*received)) return on_hang_up();
        auto* record = std::get_if<ReceivedReport>(&*received);
        if (record == nullptr) return;
        on_record(std::move(*record));
    }
}

void Launch::on_record(ReceivedReport received) {
    switch (received.report.kind) {
    case LaunchReport::Kind::failed:
        return on_failure(received.report);
    case LaunchReport::Kind::executing:
        return on_mark(std::move(received));
    case LaunchReport::Kind::prepared:  // between the preparer and the child
        return;
    case LaunchReport::Kind::main_exited:
        main_status_ = exit_status_of_wait(received.report.status);
        has_left_processes_ = received.report.item == left_others;
        return;
    }
}

void Launch::on_failure(const LaunchReport& report) {
    phase_ = phase_after(phase_, LaunchEvent::failed);
    failure_ = explain_without_look(*plan_, report);
    is_plan_stale_ = report.stage == LaunchStage::witnesses;
    if (looks_at_files(report)) ask_why(report);
    if (report.stage == LaunchStage::preparation) {
        failed_preparation_ = static_cast<std::size_t>(report.item);
    }
}

// The reason is in the files of the service, which PID 1 does not look at.
void Launch::ask_why(const LaunchReport& report) {
    constexpr std::chrono::seconds patience{5};
    if (explaining_) return;
    explaining_ =
        machinery_.planner.ask({.unit = (*plan_)->unit.str(),
                                .is_urgent = true,
                                .patience = patience,
                                .look = [plan = plan_, report]() -> PlannerAnswer {
                                    return Parcel{pack(explain(*plan, report)), {}};
                                }},
                               [this](PlannerAnswer answer) { on_explained(std::move(answer)); });
}

void Launch::on_explained(PlannerAnswer answer) {
    if (answer) {
        failure_ = unpack_error(answer->bytes);
    } else {
        failure_->hint = "why was not found out: " + answer.error().text();
    }
    const auto question = std::exchange(explaining_, std::nullopt);
    try {
        tell_end();
    } catch (const std::exception&) {
        // The planner keeps a question whose answer was thrown back, and answers once more.
        explaining_ = question;
        throw;
    }
}

void Launch::on_mark(ReceivedReport received) {
    phase_ = phase_after(phase_, LaunchEvent::mark);
    if (!has_mark(phase_)) return;
    machinery_.launches_under_way.erase(this);
    main_ = std::move(received.sender);
    // One descriptor of it is enough.
    if (main_ && main_.pid() == first_pid()) spawned_.first.close_pidfd();
    // In a joined pid namespace the first process only makes the main one, as our child.
    if (makes_main_process()) {
        machinery_.reaper.adopt(main_.pid(), [this](ExitStatus status) { on_main_exit(status); });
    }
    if (listener_.executing) listener_.executing();
}

void Launch::on_hang_up() {
    watch_.reset();
    let_go(machinery_.loop, std::move(spawned_.report_socket), owner_);
    const LaunchPhase before = std::exchange(phase_, phase_after(phase_, LaunchEvent::hang_up));
    if (phase_ == before) return;
    if (phase_ == LaunchPhase::running) {
        has_run_ = true;
        // Nobody is left who could write them.
        spawned_.last_words = {};
        if (listener_.running) listener_.running();
    }
    // The main process of a joined pid namespace, which nobody has told us of, has ended.
    if (is_over()) end({CLD_KILLED, SIGKILL});
}

void Launch::on_first_exit(ExitStatus status) {
    drain();
    // The reaper tells once more of an end that its owner has not heard of.
    if (is_over()) return tell_end();
    if (!makes_main_process() && has_mark(phase_)) return on_main_exit(status);
    const bool is_handed_over = makes_main_process() && status.is_clean();
    phase_ =
        phase_after(phase_, is_handed_over ? LaunchEvent::handed_over : LaunchEvent::first_ended);
    if (is_over()) end(status);
}

void Launch::on_main_exit(ExitStatus status) {
    drain();
    // The process that has made it, to have it in a joined pid namespace, may be on its way out
    // yet, with the socket: all that the main process had to say is here.
    if (spawned_.report_socket) {
        if (const auto words = spawned_.last_words.take()) on_failure(*words);
        on_hang_up();
    }
    phase_ = phase_after(phase_, LaunchEvent::main_ended);
    end(status);
}

void Launch::read_exit_socket() {
    while (spawned_.exit_socket) {
        auto received = receive_report(spawned_.exit_socket);
        auto* record = received ? std::get_if<ReceivedReport>(&*received) : nullptr;
        if (record == nullptr) return;
        on_record(std::move(*record));
    }
}

void Launch::end(ExitStatus status) {
    machinery_.launches_under_way.erase(this);
    read_exit_socket();
    untold_end_ = status;
    tell_end();
}

// The owner may have no memory to hear of it: then it stays untold.
void Launch::tell_end() {
    if (explaining_ || !untold_end_) return;
    const ExitStatus status = *std::exchange(untold_end_, std::nullopt);
    try {
        if (listener_.ended) listener_.ended(main_status_.value_or(status));
    } catch (const std::exception&) {
        untold_end_ = status;
        throw;
    }
}

void hear_of_launches(Machinery& machinery) {
    machinery.launcher.look_at_all();
    std::set<Launch*>& launches = machinery.launches_under_way;
    for (auto next = launches.begin(); next != launches.end();) {
        Launch* const launch = *next;
        launch->drain();
        next = launches.upper_bound(launch);
    }
}

void Launch::kill_processes() {
    kill_beside_node();
    const Process& first = spawned_.first ? spawned_.first : main_;
    if (first) first.signal(SIGKILL);
}

void Launch::kill_beside_node() {
    is_to_die_ = true;
    if (request_) give_up_request();
    if (spawned_.preparer) spawned_.preparer.signal(SIGKILL);
}

void Launch::end_reaper(std::optional<ExitStatus> main) {
    if (main) main_status_ = main;
    spawned_.first.signal(SIGKILL);
}

}  // namespace confinit
