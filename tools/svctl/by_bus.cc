// SPDX-License-Identifier: Apache-2.0
// The way over the system bus, for those whom the sockets refuse.
#include "svctl/by_bus.h"

#include "base/installation.h"

#include <cerrno>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace confinit {
namespace {

// Helper: svctl-bus, and our end of its socket. It ends when that is closed, and ends the agent
// that it has on the terminal before that.
class Helper {
public:
    static Result<Helper> start();
    Helper(Helper&& other) noexcept
        : client_(std::move(other.client_)), pid_(std::exchange(other.pid_, 0)) {}
    Helper& operator=(Helper&&) = delete;
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;
    ~Helper() {
        client_.reset();
        while (pid_ != 0 && waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    Client& client() { return *client_; }

private:
    Helper(Fd socket, pid_t pid) : client_(Client{std::move(socket)}), pid_(pid) {}

    std::optional<Client> client_;
    pid_t pid_;
};

Result<Helper> Helper::start() {
    auto [ours, its] = TRY(make_stream_pair());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its.get(), STDIN_FILENO);
    const char* arguments[] = {"svctl-bus", isatty(STDIN_FILENO) == 1 ? "--terminal" : nullptr,
                               nullptr};
    const std::string program = helper_directory() + "/svctl-bus";
    pid_t pid = 0;
    const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr,
                                  const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return std::unexpected(system_error(error, "execute", program));
    return Helper{std::move(ours), pid};
}

Refusal with_bus(Refusal refusal, const std::string& what_the_bus_says) {
    refusal.message += "; by the system bus: " + what_the_bus_says;
    return refusal;
}

Answer<Json> take_answer(const Context& context, Client& client, const Refusal& refusal) {
    auto received = client.receive();
    if (!received) {
        return std::unexpected(with_bus(refusal, "svctl-bus: " + received.error().text()));
    }
    auto answer = take_parameters(context, std::move(received->reply));
    if (answer || answer.error().code != ExitCode::denied) return answer;
    return std::unexpected(with_bus(refusal, answer.error().message));
}

}  // namespace

// The bus does not tell a confined root from another, so that user 0 is refused there.
bool may_go_by_bus(const Context& context, Method method, const Refusal& refusal) {
    const MethodInfo& info = method_info(method);
    return refusal.code == ExitCode::denied && context.socket_path.empty() &&
           context.host.empty() && geteuid() != 0 && info.callers == Callers::operators &&
           info.for_deputy;
}

std::vector<Answer<Json>> request_by_bus(const Context& context, Method method,
                                         std::span<const Json> parameters,
                                         std::span<const Refusal> refusals) {
    std::vector<Answer<Json>> answers;
    auto helper = Helper::start();
    std::size_t sent = 0;
    while (helper && sent < parameters.size()) {
        const Call call{.method = std::string{method_names.name(method)},
                        .parameters = parameters[sent]};
        if (!helper->client().send(call)) break;
        ++sent;
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!helper) {
            answers.emplace_back(std::unexpected(with_bus(refusals[i], helper.error().text())));
        } else {
            answers.push_back(take_answer(context, helper->client(), refusals[i]));
        }
    }
    return answers;
}

}  // namespace confinit
