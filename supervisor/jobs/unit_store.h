// SPDX-License-Identifier: Apache-2.0
// UnitStore: every loaded unit with its service, and what is known of the unit files.
//
// Units come and go by requests; the engine is told of each. PID 1 reads no file itself: helpers
// do, and what they have read holds for one callback.
#pragma once

#include "engine/engine.h"
#include "supervisor/jobs/disk_readings.h"
#include "supervisor/jobs/files_look.h"
#include "supervisor/jobs/service.h"
#include "supervisor/units/machinery.h"
#include "unit/drafts.h"
#include "unit/loader.h"
#include "unit/unit.h"

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace confinit {

// Why a unit cannot be named in a request: it is not there at all, or its file does not load, or
// nobody could look.
struct UnitRefused {
    bool exists = false;
    std::vector<std::string> problems;
    bool is_unknown = false;
};

// The files that a request needs to know before it can be done.
struct ReadAhead {
    FilesLook look;
    uid_t account = 0;  // 0: the operators'; of another user a worker looks
    Payer payer = {};   // of what PID 1 does for that worker
};

class UnitStore {
public:
    struct Listener {
        std::function<void()> new_output;                 // a unit's log has a new line
        std::function<void(std::string_view)> forgotten;  // the unit's name is that of none now
    };

    UnitStore(Machinery& machinery, engine::Engine& engine,
              std::vector<std::string> unit_directories, Listener listener);
    UnitStore(const UnitStore&) = delete;
    UnitStore& operator=(const UnitStore&) = delete;
    ~UnitStore() = default;

    using UnitMap = std::map<std::string, std::unique_ptr<Service>, std::less<>>;
    const UnitMap& all() const { return units_; }

    // A loaded unit, or null.
    Service* loaded(std::string_view unit) const;

    // The main process of a unit that runs.
    const Process* find_running(std::string_view name) const;

    const std::vector<std::string>& directories() const { return directories_; }
    const Vocabulary& vocabulary() const { return vocabulary_; }

    // Has the files of these units looked at, and of those that they need and that nobody has
    // loaded. `then` is called from the loop, also when that fails; PID 1 knows what is on disk
    // while it runs, and not after it.
    void read_ahead(ReadAhead wanted, std::function<void()> then);

    // The owner and mode of a unit's file, or of a directory on the way, as far as they are known.
    std::optional<FileRule> rule_of(const std::string& path) const;

    // Loads every unit file there is, after a read_ahead() of all; the texts of those that do not
    // load come back, and nothing else is affected by them. A unit that is loaded already is
    // replaced, if its new file is good. One whose file is gone is forgotten as soon as it is
    // stopped.
    std::vector<std::string> load_all();

    // The files beside the unit files that load_all() did not read, a line each.
    const std::vector<std::string>& files_not_read() const { return foreign_files_; }

    // The units on disk that do not load and that no older version is loaded of, with the reasons.
    using Broken = std::map<std::string, std::vector<std::string>, std::less<>>;
    const Broken& broken() const { return broken_; }

    // How the unit's files compare with what is loaded, as the last read_ahead() of it has told.
    const DiskLook& look_at_disk(Service& service);
    // The same without reading any, for many units in a row: what nobody has read yet has just
    // changed. `directories` is mark_of_disk() at this time. A helper looks; PID 1 knows what it
    // was told last.
    OnDisk glance_at_disk(const Service& service, std::uint64_t directories) const;
    std::uint64_t mark_of_disk() const;

    // In a helper: the unit as it would be loaded now with these drafts.
    Checked<Unit> read_with(std::string_view name, std::span<const Draft> drafts) const;

    // The unit, loaded from its file when it is not known yet. An instance that nothing comes of is
    // forgotten after the present callbacks.
    std::expected<Service*, UnitRefused> find(std::string_view name);

    // The same for somebody who only looks: a unit that is not known is read for this look alone,
    // and nothing of it is kept.
    std::expected<std::shared_ptr<Service>, UnitRefused> look(std::string_view name) const;

    // Reads the unit from its files again; what is wrong with them, and then nothing changes.
    std::vector<std::string> reload(const std::string& name);

    // Loads what a start of the unit would need, as far as it can be loaded.
    void load_needed(const std::string& unit);

    // Adds a unit that is in no file, such as the rescue shell.
    void add(Unit unit);

    // Whether everything ends with it: by its own word, or because it is the service that boot
    // starts.
    bool is_essential(const Unit& unit) const;

    // The facts of the unit for the engine; see make_engine_spec().
    engine::UnitSpec spec_of(const Unit& unit, const std::string& group) const;

    // Forgets a unit of which nothing is left and that nobody waits for.
    bool forget(const std::string& name);
    // After the present callbacks: one whose file is gone, and an instance that nobody needs.
    void forget_if_gone(const std::string& name);
    void forget_later(std::string_view name);

    // When a line of output that has no newline is to be shown all the same.
    std::optional<Clock::time_point> next_deadline() const;
    void show_unfinished_lines();

private:
    void forward(const Service& service, const LogLine& line) const;

    struct UnitOnDisk {
        Checked<Unit> unit;
        UnitStamp stamp;
    };

    // unit_store_disk.cc: what helpers read, and what they have told.
    UnitRefused refuse(std::string_view name, const std::vector<Problem>& problems) const;
    UnitOnDisk read_unit(std::string_view name) const;
    std::optional<KnownFiles> known_files(const std::string& name) const;
    DiskReadings look_at(FilesLook wanted) const;
    PlannerAnswer look_at(std::string_view words) const;
    std::string in_words(const FilesLook& wanted) const;
    void on_read(const Result<std::string>& answer, const std::function<void()>& then);
    void take_readings(const Result<std::string>& answer);
    bool is_outdone(const Service& service) const;

    static DiskLook compared(const Unit& loaded, const UnitOnDisk& found);
    std::vector<std::string> load(const std::string& name);
    std::optional<std::string> take(Unit unit, UnitStamp stamp);
    Service& add_service(const std::string& name);
    void warn(const Unit& unit, const Service* known) const;
    void tell_foreign_files();
    // "; unit.requires of heat.toml:3 names it", of the unit to be started or one that it pulls in.
    std::string naming_text(const std::string& starter, const std::string& name) const;
    void forget_unneeded();
    bool is_needed(const Service& service) const;
    void forget_if_unneeded(const std::string& name);

    Machinery& machinery_;
    engine::Engine& engine_;
    std::vector<std::string> directories_;
    Listener listener_;
    Vocabulary vocabulary_;
    Vocabulary words_;  // of what was read, and tried, by a helper
    DiskReadings readings_;
    std::string read_failure_;  // why `readings_` is empty
    std::map<std::string, FileRule, std::less<>> file_rules_;
    UnitMap units_;
    Broken broken_;
    std::vector<std::string> foreign_files_;  // as they were told last
    // Units whose output ends without a newline, and when it is shown all the same.
    std::map<std::string, Clock::time_point, std::less<>> unfinished_lines_;
    // Instances to be forgotten, unless something has come of them by then; and those that are over
    // and still have something to tell, the latest last.
    std::set<std::string, std::less<>> perhaps_unneeded_;
    std::deque<std::string> ended_;
};

// The problems of a unit, a line each.
std::vector<std::string> texts(const std::vector<Problem>& problems);

// Why a unit with these problems cannot be named.
UnitRefused refused(std::string_view name, const std::vector<Problem>& problems);

}  // namespace confinit
