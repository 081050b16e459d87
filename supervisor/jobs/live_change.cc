// SPDX-License-Identifier: Apache-2.0
// LiveChange: limits of a unit changed while it runs: checked, kept, in force, and read back.
#include "supervisor/jobs/live_change.h"

#include "base/durable_file.h"
#include "supervisor/jobs/change_plan.h"
#include "unit/keys.h"

#include <fmt/format.h>
#include <memory>
#include <utility>

namespace confinit {
namespace {

Status put(const std::string& path, const std::string& text) {
    return text.empty() ? remove_durably(path) : write_durably(path, text);
}

// All of the files, or none.
Status write_edits(const std::vector<FileEdit>& edits) {
    for (std::size_t i = 0; i < edits.size(); ++i) {
        auto written = put(edits[i].path, edits[i].text);
        if (written) continue;
        for (std::size_t done = 0; done <= i; ++done)
            (void)put(edits[done].path, edits[done].before);
        return written;
    }
    return {};
}

std::vector<FileEdit> reversed(std::vector<FileEdit> edits) {
    for (FileEdit& edit : edits)
        std::swap(edit.text, edit.before);
    return edits;
}

void add_trouble(ChangeRefused& why, const std::string& text) {
    if (why.problems.empty()) {
        why.failure += "; " + text;
    } else {
        why.problems.push_back(text);
    }
}

// Change: one change on its way. The workers' answers keep it alive, and nothing else does.
class Change : public std::enable_shared_from_this<Change> {
public:
    Change(Manager& manager, std::string unit, ChangePlan plan, ChangeDone done)
        : manager_(manager),
          unit_(std::move(unit)),
          plan_(std::move(plan)),
          done_(std::move(done)) {}

    void begin() {
        if (plan_.edits.empty()) return on_written({});
        write_files(plan_.edits, [self = shared_from_this()](const Status& written) {
            self->on_written(written);
        });
    }

private:
    using Written = std::function<void(const Status& written)>;

    void run(WorkerTask task, Workers::Done done) {
        manager_.machinery().workers.run({fmt::format("change limits of '{}'", unit_), 0,
                                          std::move(task), std::chrono::minutes{1}},
                                         std::move(done));
    }

    void write_files(std::vector<FileEdit> edits, Written written) {
        WorkerTask task{.work = [edits = std::move(edits)]() -> Result<std::string> {
            TRY(write_edits(edits));
            return std::string{};
        }};
        run(std::move(task), [written = std::move(written)](const Result<std::string>& answer) {
            written(answer ? Status{} : std::unexpected(answer.error()));
        });
    }

    // The unit may be forgotten meanwhile.
    Service* find() const {
        const auto found = manager_.units().all().find(unit_);
        return found == manager_.units().all().end() ? nullptr : found->second.get();
    }

    void on_written(const Status& written) {
        if (!written) return finish(std::unexpected(ChangeRefused{{}, written.error().text()}));
        if (find() == nullptr) return succeed();
        manager_.units().read_ahead({.look = {.names = {unit_}}},
                                    [self = shared_from_this()] { self->on_read(); });
    }

    // Somebody may have edited the files since the plan was made.
    void on_read() {
        const Service* service = find();
        if (service == nullptr) return succeed();
        auto problems = manager_.units().reload(unit_);
        if (!problems.empty()) return undo({std::move(problems), {}});
        const UnitNode* node = unit_node_of(*service);
        if (node == nullptr) return succeed();
        write_node(*service, *node);
    }

    void write_node(const Service& service, const UnitNode& node) {
        run_number_ = service.run_number;
        auto writes = node.plan_writes(plan_.limits.settings);
        if (!writes) return undo({{}, writes.error().text()});
        auto copy = node.node().duplicate();
        if (!copy) return undo({{}, copy.error().text()});
        node_ = std::make_shared<const Cgroup>(std::move(*copy));
        writes_ = std::move(*writes);
        WorkerTask task{.work = [node = node_, writes = writes_]() -> Result<std::string> {
                            const auto written = write_limits(*node, writes);
                            return written ? std::string{} : written.error().text();
                        },
                        .descriptors =
                            [node = node_] {
                                return std::vector{node->directory().get()};
                            }};
        run(std::move(task), [self = shared_from_this()](const Result<std::string>& answer) {
            self->on_node_written(answer);
        });
    }

    // A run that began after the files were written has the new values from its start.
    bool is_same_run() const {
        const Service* service = find();
        return service != nullptr && service->run_number == run_number_ &&
               node_of(*service) != nullptr;
    }

    void on_node_written(const Result<std::string>& answer) {
        if (!is_same_run()) return succeed();
        if (answer && answer->empty()) {
            Service& service = *find();
            if (service.run) service.run->adopt_limits(service.unit, plan_.limits, plan_.keys);
            if (service.group) service.group->adopt_limits(service.unit, plan_.limits, plan_.keys);
            is_in_force_ = true;
            return succeed();
        }
        if (answer) return undo({{}, *answer});
        // The worker did not come to its end: nobody has put back what it had written.
        WorkerTask task{.work = [node = node_, writes = writes_]() -> Result<std::string> {
                            restore_limits(*node, writes);
                            return std::string{};
                        },
                        .descriptors =
                            [node = node_] {
                                return std::vector{node->directory().get()};
                            }};
        run(std::move(task), [self = shared_from_this(), why = answer.error().text()](
                                 const Result<std::string>&) { self->undo({{}, why}); });
    }

    void undo(ChangeRefused why) {
        if (plan_.edits.empty()) return finish(std::unexpected(std::move(why)));
        write_files(reversed(plan_.edits), [self = shared_from_this(),
                                            why = std::move(why)](const Status& written) mutable {
            if (!written) add_trouble(why, "the drop-in stays: " + written.error().text());
            self->manager_.units().read_ahead(
                {.look = {.names = {self->unit_}}}, [self, why = std::move(why)] {
                    if (self->find() != nullptr) (void)self->manager_.units().reload(self->unit_);
                    self->finish(std::unexpected(why));
                });
        });
    }

    void succeed() {
        const Service* service = find();
        Changed changed{
            .values = service == nullptr ? plan_.values : values_of(service->unit, plan_.keys),
            .files = {},
            .notes = {},
            .is_in_force = is_in_force_};
        if (plan_.keys.empty()) {
            changed.notes.push_back(
                "nothing is taken back: svctl set has changed nothing of the unit, and the limits "
                "in force are those of its files");
        }
        for (const FileEdit& edit : plan_.edits)
            changed.files.push_back(edit.path);
        for (const std::string& key : plan_.limits.lasting) {
            if (!is_in_force_) break;
            changed.notes.push_back(
                fmt::format("{}: the kernel keeps the value until the next start", key));
        }
        finish(std::move(changed));
    }

    void finish(std::expected<Changed, ChangeRefused> outcome) {
        if (Service* service = find()) {
            service->is_changing = false;
            // An instance may have been loaded for this change alone.
            manager_.units().forget_later(unit_);
        }
        done_(outcome);
    }

    Manager& manager_;
    std::string unit_;
    ChangePlan plan_;
    ChangeDone done_;
    std::uint64_t run_number_ = 0;
    std::shared_ptr<const Cgroup> node_;
    std::vector<LimitWrite> writes_;
    bool is_in_force_ = false;
};

void begin_change(Manager& manager, const std::string& unit, ChangePlanned plan, ChangeDone done) {
    if (plan) {
        return std::make_shared<Change>(manager, unit, std::move(*plan), std::move(done))->begin();
    }
    if (const auto found = manager.units().all().find(unit); found != manager.units().all().end()) {
        found->second->is_changing = false;
        manager.units().forget_later(unit);
    }
    done(std::unexpected(std::move(plan).error()));
}

}  // namespace

void change_live(Manager& manager, Service& service, ChangeRequest request, ChangeDone done) {
    if (service.is_changing) {
        return done(std::unexpected(ChangeRefused{
            {}, fmt::format("another change of '{}' is under way", service.unit.name)}));
    }
    service.is_changing = true;
    const std::string unit = service.unit.name;
    WorkerTask task{.work = [&manager, unit, request]() -> Result<std::string> {
                        const auto found = manager.units().all().find(unit);
                        if (found == manager.units().all().end())
                            return failure(fmt::format("'{}' is gone", unit));
                        return pack(plan_change(manager, *found->second, request));
                    },
                    .descriptors = [&manager, unit]() -> std::vector<int> {
                        const auto found = manager.units().all().find(unit);
                        if (found == manager.units().all().end()) return {};
                        return verify_descriptors(*found->second);
                    }};
    manager.machinery().workers.run(
        {fmt::format("change limits of '{}'", unit), 0, std::move(task)},
        [&manager, unit, done = std::move(done)](const Result<std::string>& answer) mutable {
            auto plan = answer ? unpack_change(*answer)
                               : std::unexpected(ChangeRefused{{}, answer.error().text()});
            begin_change(manager, unit, std::move(plan), std::move(done));
        });
}

}  // namespace confinit
