// SPDX-License-Identifier: Apache-2.0
// Entering a unit for --json: the command gets no input, and its output becomes part of a document.
#include "base/file.h"
#include "svctl/enter_framed.h"
#include "svctl/enter_loop.h"
#include "svctl/enter_request.h"
#include "svctl/output.h"

#include <csignal>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace confinit {
namespace {

// A command that writes more to a stream gets SIGPIPE.
constexpr off_t capture_limit = off_t{8} << 20;

struct Captured {
    std::int64_t pid = 0;
    CommandEnd end;
    std::string output = {};
    std::string error = {};
    bool is_truncated = false;
};

// A file in memory that cannot grow over the limit: F_SEAL_GROW of fcntl(2).
Result<Fd> make_capture_file() {
    Fd file{memfd_create("output", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!file) return errno_failure("memfd_create");
    if (ftruncate(file.get(), capture_limit) < 0) return errno_failure("ftruncate");
    if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW) < 0) return errno_failure("fcntl F_ADD_SEALS");
    return file;
}

// All that was written lies before the file's position.
Result<std::string> read_back(const Fd& file) {
    const off_t size = lseek(file.get(), 0, SEEK_CUR);
    if (size < 0 || ftruncate(file.get(), size) < 0 || lseek(file.get(), 0, SEEK_SET) < 0) {
        return errno_failure("read back the output");
    }
    return read_all(file, "output", capture_limit);
}

Answer<Captured> capture_pipes(const Context& context, const EnterOptions& options, Fd output,
                               Fd error) {
    EnteredCommand command = TRY(enter(context, options, std::nullopt));
    command.descriptors[0].reset();
    std::vector<Flow> flows;
    flows.emplace_back(std::move(command.descriptors[1]), std::move(output));
    flows.emplace_back(std::move(command.descriptors[2]), std::move(error));
    EnterLoop loop{command.client, {}, std::move(flows)};
    const CommandEnd end = TRY(loop.run());
    const bool is_truncated = loop.outputs()[0].is_broken() || loop.outputs()[1].is_broken();
    return Captured{.pid = command.pid, .end = end, .is_truncated = is_truncated};
}

Answer<Captured> capture_frames(const Context& context, const EnterOptions& options, Fd output,
                                Fd error) {
    const auto loop = TRY(FramedLoop::enter(context, options, std::nullopt));
    loop->end_input();
    loop->add_output(FrameKind::output, std::move(output));
    loop->add_output(FrameKind::error, std::move(error));
    const CommandEnd end = TRY(loop->run());
    const bool is_truncated = loop->has_lost(FrameKind::output) || loop->has_lost(FrameKind::error);
    return Captured{.pid = loop->pid(), .end = end, .is_truncated = is_truncated};
}

Answer<Captured> run_captured(const Context& context, const EnterOptions& options) {
    auto output_file = make_capture_file();
    auto error_file = make_capture_file();
    if (!output_file) return refuse(std::move(output_file.error()));
    if (!error_file) return refuse(std::move(error_file.error()));
    auto output = duplicate(*output_file);
    auto error = duplicate(*error_file);
    if (!output || !error) return refuse({.hint = "no descriptor is left for the output"});

    Captured captured =
        enters_by_frames(context, options)
            ? TRY(capture_frames(context, options, std::move(*output), std::move(*error)))
            : TRY(capture_pipes(context, options, std::move(*output), std::move(*error)));
    auto output_text = read_back(*output_file);
    auto error_text = read_back(*error_file);
    if (!output_text) return refuse(std::move(output_text.error()));
    if (!error_text) return refuse(std::move(error_text.error()));
    captured.output = std::move(*output_text);
    captured.error = std::move(*error_text);
    return captured;
}

}  // namespace

int enter_captured(const Context& context, const EnterOptions& options) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    const auto captured = run_captured(context, options);
    if (!captured) return report_refusal(context, captured.error());
    Json members{{"unit", options.unit},
                 {"pid", captured->pid},
                 {"stdout", captured->output},
                 {"stderr", captured->error},
                 {"truncated", captured->is_truncated}};
    if (captured->end.code) members["code"] = *captured->end.code;
    if (captured->end.signal) members["signal"] = *captured->end.signal;
    return print_document(context, std::move(members), captured->end.exit_status());
}

}  // namespace confinit
