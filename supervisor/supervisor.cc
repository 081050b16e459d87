// SPDX-License-Identifier: Apache-2.0
// Supervisor: constructs every part, connects them, and turns the loop until the end.
#include "supervisor/supervisor.h"

#include "supervisor/own_command.h"
#include "supervisor/units/fixed_identity.h"

#include "base/file.h"
#include "kernel/capability_set.h"
#include "kernel/probe.h"
#include "launch/plan/user_database.h"
#include "launch/spawn/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace confinit {
namespace {

constexpr std::array watched_signals{SIGCHLD, SIGTERM, SIGINT, SIGPWR, SIGHUP};

// As systemd(1) takes them from SIGRTMIN on: of these three container runtimes send some.
constexpr int halt_signal = 3;
constexpr int power_off_signal = 4;
constexpr int reboot_signal = 5;

// The last lines of units have this time, where nobody reads them.
constexpr std::chrono::milliseconds time_for_last_lines{500};

// The file that mounts.inaccessible shows in place of a file: nobody may open it. Beside it is the
// directory on which an image becomes a part of a service's tree.
Result<std::string> make_inaccessible_file(const std::string& directory) {
    TRY(make_directories(directory + "/image"));
    const std::string path = directory + "/inaccessible";
    // One that an earlier run left can be opened by root alone.
    auto made = open_at(AT_FDCWD, path, O_RDONLY | O_CREAT | O_EXCL, 0);
    if (!made && made.error().error != EEXIST) return std::unexpected(std::move(made).error());
    return path;
}

// By its name or its number.
Result<gid_t> find_group_id(const std::string& name) {
    if (const auto id = parse_id(name)) return *id;
    const UserDatabase database = TRY(UserDatabase::load("/"));
    if (const GroupEntry* group = database.find_group(name)) return group->gid;
    return failure(fmt::format("there is no group '{}'", name));
}

Result<DoorAccess> status_access(const std::string& group) {
    if (group.empty()) return DoorAccess{.mode = 0666};
    return DoorAccess{.mode = 0660, .group = TRY(find_group_id(group))};
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::make(Mode mode, Options options, Console& console) {
    auto loop = TRY(EventLoop::make());
    std::unique_ptr<Supervisor> self{
        new Supervisor(mode, std::move(options), console, std::move(loop))};
    self->loop_->set_alarm([&console](std::string_view what) {
        console.error(fmt::format("an event was lost: {}", what));
    });
    for (const std::string& text : self->options_.ignored)
        console.info(text);
    for (const std::string& fault : self->options_.faults)
        console.warning(fault);
    if (mode == Mode::process && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) {
        return errno_failure("prctl PR_SET_CHILD_SUBREAPER");
    }
    // Ctrl-Alt-Del becomes SIGINT in place of a reboot without a stop: reboot(2).
    if (mode == Mode::machine) (void)::reboot(RB_DISABLE_CAD);
    if (auto done = self->set_up(); !done) {
        self->give_back();
        return std::unexpected(std::move(done).error());
    }
    return self;
}

Status Supervisor::set_up() {
    TRY(set_up_signals());
    cgroup_events_ = TRY(CgroupEvents::make(*loop_));
    signals_of_nodes_ = TRY(NodeSignals::make(*loop_));
    set_up_cgroups();
    set_up_launch();
    return connect();
}

Status Supervisor::set_up_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : watched_signals)
        sigaddset(&set, signal);
    for (const int above : {halt_signal, power_off_signal, reboot_signal})
        sigaddset(&set, SIGRTMIN + above);
    if (!options_.command.empty()) {
        for (const int signal : passed_signals)
            sigaddset(&set, signal);
    }
    if (sigprocmask(SIG_SETMASK, &set, nullptr) < 0) return errno_failure("sigprocmask");
    (void)std::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals_) return errno_failure("signalfd");
    signal_watch_ = TRY(loop_->on_fd(signals_, EPOLLIN, [this](std::uint32_t) { on_signal(); }));
    return {};
}

void Supervisor::set_up_cgroups() {
    const bool is_wanted = mode_ != Mode::process || !options_.without_cgroup;
    auto tree = is_wanted ? CgroupTree::set_up(mode_, options_.cgroup) : failure("not wanted");
    if (tree) {
        tree_ = std::move(*tree);
    } else {
        why_no_tree_ =
            is_wanted ? tree.error().text() : "confinit was started with --without-cgroup";
        console_.warning(
            fmt::format("{}; units that declare limits will be refused", why_no_tree_));
    }
    clone_method_ = probe_clone_method(tree_ ? &tree_->root() : nullptr);
    if (clone_method_ != CloneMethod::clone3_into_node) {
        console_.notice(fmt::format("processes are made by {}", name(clone_method_)));
    }
}

void Supervisor::set_up_launch() {
    auto reaper = load_helper(options_.reaper);
    if (reaper) {
        reaper_program_ = std::move(*reaper);
    } else {
        console_.warning(
            fmt::format("{}; units with a pid namespace will be refused", reaper.error().text()));
    }
    auto inaccessible = make_inaccessible_file(options_.runtime_directory);
    if (!inaccessible) {
        console_.warning(fmt::format("{}; units with inaccessible files or images will be refused",
                                     inaccessible.error().text()));
    }
    launch_context_.reset(new LaunchContext{.reaper_program = reaper_program_,
                                            .inaccessible_file = inaccessible.value_or(""),
                                            .notify_root = options_.runtime_directory + "/notify",
                                            .capabilities = own_bounding_set(),
                                            .memory_total = memory_total(),
                                            .cgroup_mount = tree_ ? tree_->mount() : ""});
    launch_context_->filters = &filters_;
    launch_context_->runtime_directory = options_.runtime_directory;
    launch_context_->fixed_identity = fixed_identity();
    launch_context_->operator_sockets = {options_.socket};
    launch_context_->deputy_sockets = {
        fmt::format("{}/{}", options_.runtime_directory, status_socket_name)};
    launch_context_->separate_ids = [this](const std::string& unit) {
        return id_ranges_.first_id(unit);
    };
}

Status Supervisor::connect() {
    hands_ = TRY(Hands::make(*loop_, reaper_, clone_method_));
    loop_->set_hands(hands_.get());
    notify_hub_ = TRY(NotifyHub::make());
    reaper_.set_before([this] { notify_hub_->read_all(); });
    workers_ = TRY(Workers::make(*loop_, reaper_, clone_method_));
    planner_ = TRY(Planner::make(*loop_, reaper_, clone_method_));
    launcher_ = Launcher::make(*loop_, reaper_, console_, options_.launcher, clone_method_);
    machinery_.reset(new Machinery{*loop_, reaper_, *cgroup_events_, *signals_of_nodes_,
                                   tree_ ? &*tree_ : nullptr, *launch_context_, clone_method_,
                                   console_, *workers_, *planner_, *launcher_, &directory_claims_,
                                   notify_hub_.get()});
    machinery_->why_no_tree = why_no_tree_;
    machinery_->boot_unit = options_.target;
    machinery_->output = &output_;
    machinery_->error_output = &error_output_;
    machinery_->log_form = log_form(options_, mode_);
    manager_ = std::make_unique<Manager>(*machinery_, options_.unit_directories);
    manager_->set_essential_end([this](const std::string& unit) {
        if (ending_) return;
        console_.notice(fmt::format("{} has ended and is essential", unit));
        end_with(report_of_end(*manager_, unit), options_.end_act);
    });
    launch_context_->find_running = [this](std::string_view unit) {
        return manager_->units().find_running(unit);
    };
    enter_sessions_ = std::make_unique<EnterSessions>(*machinery_);
    reaper_.set_stranger([this](pid_t) { hear_of_launches(*machinery_); });
    drift_check_ = std::make_unique<DriftCheck>(*manager_, console_, options_.verify_interval);
    loop_->set_timer([this] { return next_deadline(); },
                     [this] {
                         manager_->expire();
                         drift_check_->expire();
                         enter_sessions_->expire();
                         if (ending_) ending_->expire();
                         if (reaps_again_ && *reaps_again_ <= Clock::now()) reap();
                     });
    control_server_ = std::make_unique<ControlServer>(
        *loop_, *manager_, *enter_sessions_, mode_, [this](FinalAct act) { request_end(act); },
        visibility());
    if (const auto listening = open_doors(); !listening) {
        // As PID 1 the machine is worth more than its command line.
        if (mode_ == Mode::process) return listening;
        console_.error(fmt::format("no control socket: {}", listening.error().text()));
    }
    return {};
}

// A group that is not there is told, and then the lines are for root alone.
Visibility Supervisor::visibility() const {
    Visibility visibility{.own_uid = geteuid(), .rules = FileRules{[this](const std::string& path) {
                                                    return manager_->units().rule_of(path);
                                                }}};
    if (options_.log_group.empty()) return visibility;
    const auto group = find_group_id(options_.log_group);
    if (group) {
        visibility.log_group = *group;
    } else {
        console_.error(fmt::format("{}; log lines are for root alone", group.error().text()));
    }
    return visibility;
}

// Without the socket for those who look, the operators' one is there all the same.
Status Supervisor::open_doors() {
    TRY(control_server_->listen(DoorKind::control, options_.socket,
                                {.mode = 0600, .is_of_nobody = true}));
    const std::string path = fmt::format("{}/{}", options_.runtime_directory, status_socket_name);
    const auto access = status_access(options_.status_group);
    const Status listening = access ? control_server_->listen(DoorKind::status, path, *access)
                                    : Status{std::unexpected(access.error())};
    if (!listening) console_.error(fmt::format("no status socket: {}", listening.error().text()));
    return {};
}

std::optional<Clock::time_point> Supervisor::next_deadline() {
    std::optional<Clock::time_point> next;
    for (const auto& deadline : {manager_->next_deadline(), drift_check_->next_deadline(),
                                 enter_sessions_->next_deadline(),
                                 ending_ ? ending_->next_deadline() : std::nullopt, reaps_again_}) {
        if (deadline) next = std::min(next.value_or(*deadline), *deadline);
    }
    return next;
}

// An exception, or too many at once, leave children that have ended, and their signal is read
// already: they are asked for again.
void Supervisor::reap(pid_t told) {
    constexpr unsigned most = 256;
    reaps_again_ = Clock::now() + std::chrono::seconds{1};
    const bool is_done = reaper_.reap(most, told);
    reaps_again_ = is_done ? std::nullopt : std::optional{Clock::now()};
}

void Supervisor::on_signal() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        switch (static_cast<int>(info.ssi_signo)) {
        case SIGCHLD:
            reap(static_cast<pid_t>(info.ssi_pid));
            break;
        default:
            on_end_signal(static_cast<int>(info.ssi_signo));
            break;
        }
    }
}

void Supervisor::on_end_signal(int signal) {
    if (signal == SIGTERM || signal == SIGPWR) return request_end(options_.end_act);
    if (signal == SIGRTMIN + halt_signal) return request_end(FinalAct::halt);
    if (signal == SIGRTMIN + power_off_signal) return request_end(FinalAct::power_off);
    if (signal == SIGRTMIN + reboot_signal) return request_end(FinalAct::reboot);
    if (!options_.command.empty()) return pass_on(signal);
    if (signal == SIGHUP) return read_units_again();
    if (signal == SIGINT) request_end(mode_ == Mode::machine ? FinalAct::reboot : options_.end_act);
}

// One that comes before the command runs has nobody to go to.
void Supervisor::pass_on(int signal) {
    const Service* service = manager_->units().loaded(options_.target);
    if (service != nullptr && service->run && service->run->is_launched())
        (void)service->run->signal_main(signal);
}

void Supervisor::read_units_again() {
    manager_->units().read_ahead({.look = {.all = true}}, [this] {
        load_units();
        manager_->note("", EventKind::units, "read again");
        console_.notice("the unit files were read again");
    });
}

void Supervisor::request_end(FinalAct act) {
    if (ending_) return ending_->hasten();
    end_with(report_of_request(*manager_), act);
}

void Supervisor::end_with(EndReport report, FinalAct act) {
    report_ = std::move(report);
    const std::chrono::seconds usual{mode_ == Mode::container ? 8 : 90};
    if (mode_ != Mode::machine) act = FinalAct::exit;
    ending_.emplace(*manager_, console_, act, options_.end_timeout.value_or(usual));
    loop_->defer([this] {
        ending_->begin([this] {
            add_essential_ends(*manager_, report_);
            is_finished_ = true;
        });
    });
}

void Supervisor::give_back() {
    const auto until = Clock::now() + time_for_last_lines;
    output_.finish(until);
    error_output_.finish(until);
    if (!tree_) return;
    if (const auto given = tree_->give_back(); !given) {
        console_.error(fmt::format("the cgroup tree is not as it was: {}", given.error().text()));
    }
}

End Supervisor::run() {
    while (!is_finished_) {
        try {
            if (const auto turned = loop_->run_once(); !turned)
                console_.error(turned.error().text());
        } catch (const std::exception&) {
            // Not even the loop itself had memory. It goes on where it was, a moment later.
            constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
            (void)nanosleep(&pause, nullptr);
        }
    }
    return ending_ ? ending_->end() : End{.until = Clock::now()};
}

}  // namespace confinit
