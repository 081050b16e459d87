// SPDX-License-Identifier: Apache-2.0
// One launch in each way, from its start to the service's first instruction.
#include "measure.h"

#include "../spawn.h"
#include "base/file.h"
#include "kernel/own_mounts.h"
#include "launch/spawn/prepared_launch.h"
#include "supervisor/units/unit_node.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace confinit::bench {
namespace {

constexpr const char* node_name = "bench.service";

Nanoseconds to_duration(const timespec& time) {
    return std::chrono::seconds{time.tv_sec} + Nanoseconds{time.tv_nsec};
}

Nanoseconds now() {
    timespec time{};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return to_duration(time);
}

template <class T>
T taken(Result<T> result) {
    if (!result) give_up(result.error().text());
    return std::move(*result);
}

// What the service has written, once it has.
Nanoseconds first_instruction(int output) {
    timespec time{};
    const ssize_t size = read(output, &time, sizeof time);
    if (size != static_cast<ssize_t>(sizeof time)) return Nanoseconds{0};
    return to_duration(time);
}

siginfo_t wait_for_end(int pidfd) {
    siginfo_t end{};
    while (syscall(SYS_waitid, P_PIDFD, pidfd, &end, WEXITED, nullptr) < 0) {
        if (errno != EINTR) give_up("waitid failed");
    }
    return end;
}

// The last process is out of its node a moment after it has been reaped.
void remove_node(const Cgroup* above) {
    if (above == nullptr) return;
    for (int tries = 0; tries < 100'000; ++tries) {
        if (unlinkat(above->directory().get(), node_name, AT_REMOVEDIR) == 0) return;
        if (errno != EBUSY) break;
        (void)sched_yield();
    }
    give_up("the node cannot be removed: " + std::string{errno_text(errno)});
}

// Where the launch goes: as the supervisor makes it, or a bare node without limits, or nowhere.
struct Place {
    std::optional<UnitNode> made;
    std::optional<Cgroup> bare;

    int directory() const {
        if (made) return made->entrance().directory().get();
        return bare ? bare->directory().get() : -1;
    }
};

Place make_place(const Unit& unit, const LaunchPlan& plan, const Nodes& nodes) {
    Place place;
    if (nodes.tree != nullptr) {
        place.made.emplace(taken(UnitNode::make(*nodes.tree, unit, {}, plan.limits)));
    } else if (nodes.parent != nullptr) {
        place.bare.emplace(taken(nodes.parent->make_child(node_name)));
    }
    return place;
}

Pipe make_output(const LaunchPlan& plan) {
    Pipe pipe = taken(make_pipe());
    if (fchown(pipe.write_end.get(), plan->child.uid, plan->child.gid) < 0)
        give_up("fchown failed");
    return pipe;
}

std::string failure_of(const LaunchPlan& plan, Spawned& spawned) {
    const auto received = receive_report(spawned.report_socket, &spawned.last_words);
    const auto* report = received ? std::get_if<ReceivedReport>(&*received) : nullptr;
    if (report == nullptr) return "the launch failed and said nothing";
    return explain(plan, report->report).text();
}

}  // namespace

void give_up(const std::string& what) {
    (void)std::fprintf(stderr, "launch-bench: %s\n", what.c_str());
    std::exit(1);
}

namespace {

std::uint32_t wait_for_answer(LauncherLink& link) {
    for (;;) {
        pollfd waits{link.socket().get(), POLLIN, 0};
        (void)poll(&waits, 1, -1);
        if (const auto slot = taken(link.receive())) return *slot;
    }
}

Spawned spawn_by(AskedLauncher& launcher, const LaunchPlan& plan, int node, Streams streams) {
    PreparedLaunch prepared =
        taken(prepare_launch(plan, node, std::move(streams), CloneMethod::clone3_into_node));
    const std::uint32_t slot = prepared.order.slot = launcher.slots->take().value();
    LastWordsPage last_words = launcher.slots->last_words(slot);
    if (const Status sent = launcher.link.send(plan, prepared.order); !sent)
        give_up(sent.error().text());
    (void)wait_for_answer(launcher.link);
    prepared.lent = {};
    MadeProcesses made;
    auto answer = look_at_slot(plan, prepared, (*launcher.slots)[slot], made);
    if (!answer) give_up("the launcher has made nothing");
    return finish_launch(plan, std::move(prepared), taken(std::move(*answer)),
                         std::move(last_words));
}

Times launch(const Unit& unit, const LaunchPlan& plan, const Nodes& nodes, Nanoseconds start,
             AskedLauncher* launcher = nullptr) {
    const Nanoseconds planned = now();
    const Place place = make_place(unit, plan, nodes);
    Fd input = taken(open_at(AT_FDCWD, "/dev/null", O_RDONLY));
    Pipe output = make_output(plan);
    Pipe error_output = make_output(plan);
    const Nanoseconds prepared = now();
    Streams streams{std::move(input), std::move(output.write_end),
                    std::move(error_output.write_end)};
    Spawned spawned = launcher != nullptr
                          ? spawn_by(*launcher, plan, place.directory(), std::move(streams))
                          : taken(spawn(plan, place.directory(), std::move(streams)));
    const Nanoseconds done = now();
    const Nanoseconds first = first_instruction(output.read_end.get());
    if (first == Nanoseconds{0}) give_up("by confinit: " + failure_of(plan, spawned));
    (void)wait_for_end(spawned.first.pidfd().get());
    if (place.directory() >= 0) remove_node(nodes.above());
    return {.started = first - start,
            .planned = planned - start,
            .prepared = prepared - planned,
            .spawned = done - prepared};
}

}  // namespace

Times launch_by_confinit(const Unit& unit, const LaunchContext& context, const Nodes& nodes) {
    const Nanoseconds start = now();
    const LaunchPlan plan = taken(make_launch_plan(unit, context));
    return launch(unit, plan, nodes, start);
}

Times launch_again(const Unit& unit, LaunchPlan& kept, const Nodes& nodes,
                   AskedLauncher* launcher) {
    const Nanoseconds start = now();
    (void)taken(state_of_own_mounts());
    return launch(unit, kept, nodes, start, launcher);
}

AskedLauncher start_launcher(const Fd& program) {
    auto slots = taken(LaunchSlots::make());
    LauncherLink link = taken(LauncherLink::start(program, *slots, CloneMethod::clone3_into_node));
    return {.slots = std::move(slots), .link = std::move(link)};
}

Times launch_by_c(const Variant& variant, const Unit& unit, const LaunchContext& context,
                  const Nodes& nodes) {
    const LaunchPlan plan = taken(make_launch_plan(unit, context));
    const Cgroup* above = nodes.above();
    const std::string node = above != nullptr ? above->path() + "/" + node_name : "";
    std::vector<by_hand_setting> settings;
    for (const CgroupSetting& setting : plan.limits) {
        settings.push_back({setting.file.c_str(), setting.value.c_str()});
    }
    const by_hand_service service{
        .program = plan->executable.c_str(),
        .node = above != nullptr ? node.c_str() : nullptr,
        .settings = settings.data(),
        .setting_count = settings.size(),
        .namespaces = variant.namespaces,
        .mounts = variant.mounts,
        .hostname = variant.hostname,
        .is_confined = variant.is_confined ? 1 : 0,
        .uid = plan->child.uid,
        .gid = plan->child.gid,
        .filter = plan->child.filter.data(),
        .filter_length = static_cast<unsigned short>(plan->child.filter.size()),
        .reaper = variant.has_reaper ? context.reaper_program.get() : -1,
    };
    by_hand_started started{};
    const Nanoseconds start = now();
    if (launch_by_hand(&service, &started) < 0)
        give_up("by hand: " + std::string{errno_text(errno)});
    const Nanoseconds first = first_instruction(started.output);
    const Fd process{started.pidfd};
    const Fd output{started.output};
    const Fd exit_socket{started.exit_socket};
    const Fd node_directory{started.node};
    const siginfo_t end = wait_for_end(started.pidfd);
    if (first == Nanoseconds{0}) {
        give_up("by hand: the child ended with " + std::to_string(end.si_status));
    }
    if (node_directory) remove_node(above);
    return {.started = first - start};
}

}  // namespace confinit::bench
