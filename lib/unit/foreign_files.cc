// SPDX-License-Identifier: Apache-2.0
// Files in unit directories that are never read: none is passed over in silence.
#include "base/file.h"
#include "unit/unit_files.h"
#include "unit/unit_name.h"

#include <algorithm>
#include <sys/stat.h>

namespace confinit {
namespace {

constexpr std::string_view unit_ending = ".toml";
constexpr std::string_view folder_ending = ".toml.d";

// The rest of one directory is only counted, so that the console stays readable.
constexpr std::size_t most_of_one_directory = 20;

class ForeignFiles {
public:
    ForeignFiles(std::span<const UnitDirectory> directories,
                 std::span<const UnitDirectory> search_path,
                 std::vector<std::string> beginnings = {})
        : directories_(directories),
          search_path_(search_path),
          beginnings_(std::move(beginnings)) {}

    std::vector<std::string> find() {
        for (const UnitDirectory& directory : directories_) {
            const auto names = list_directory(directory.fd.get(), ".");
            if (!names) continue;
            for (const std::string& name : *names)
                look_at(directory, name);
            end_directory(directory);
        }
        return std::move(told_);
    }

private:
    static bool is_directory(const UnitDirectory& directory, const std::string& name) {
        struct stat status{};
        return fstatat(directory.fd.get(), name.c_str(), &status, 0) == 0 &&
               S_ISDIR(status.st_mode);
    }

    // Without beginnings every name is.
    bool is_asked_for(const std::string& name) const {
        return beginnings_.empty() ||
               std::ranges::any_of(beginnings_, [&](const std::string& beginning) {
                   return name.starts_with(beginning);
               });
    }

    void look_at(const UnitDirectory& directory, const std::string& name) {
        if (name.starts_with('.') || !is_asked_for(name)) return;
        if (name.ends_with(folder_ending)) return look_at_drop_ins(directory, name);
        if (!name.ends_with(unit_ending)) {
            const bool is_folder = is_directory(directory, name);
            return tell(directory, name,
                        is_folder ? "the directories that are read end in '.toml.d'"
                                  : "the name of a unit file ends in '.toml'");
        }
        const std::string unit = name.substr(0, name.size() - unit_ending.size());
        if (!is_valid_unit_name(unit)) tell(directory, name, unit_name_fault(unit));
    }

    void look_at_drop_ins(const UnitDirectory& directory, const std::string& name) {
        if (!is_directory(directory, name)) return tell(directory, name, "it is no directory");
        const std::string unit = name.substr(0, name.size() - folder_ending.size());
        if (!is_valid_unit_name(unit)) return tell(directory, name, unit_name_fault(unit));
        if (!is_there(unit)) {
            return tell(directory, name,
                        "there is no unit " + quoted(unit) + " that it belongs to");
        }
        const auto names = list_directory(directory.fd.get(), name);
        if (!names) return;
        for (const std::string& drop_in : *names) {
            if (drop_in.starts_with('.') || drop_in.ends_with(unit_ending)) continue;
            tell(directory, name + "/" + drop_in, "the name of a drop-in ends in '.toml'");
        }
    }

    // Its own file, or the template's that it is an instance of.
    bool is_there(const std::string& unit) const {
        const UnitNameParts parts = split_unit_name(unit);
        const auto is_in = [&](const UnitDirectory& directory) {
            struct stat status{};
            const auto has = [&](const std::string& stem) {
                const std::string name = stem + std::string{unit_ending};
                return fstatat(directory.fd.get(), name.c_str(), &status, 0) == 0;
            };
            return has(unit) || (parts.is_templated && has(parts.stem + "@"));
        };
        return std::ranges::any_of(directories_, is_in) || std::ranges::any_of(search_path_, is_in);
    }

    void tell(const UnitDirectory& directory, const std::string& name, const std::string& why) {
        if (++count_ > most_of_one_directory) return;
        told_.push_back(path_of(directory, name) + ": not read: " + why);
    }

    void end_directory(const UnitDirectory& directory) {
        if (count_ > most_of_one_directory) {
            told_.push_back(directory.path + ": " + std::to_string(count_ - most_of_one_directory) +
                            " more that are not read");
        }
        count_ = 0;
    }

    std::span<const UnitDirectory> directories_;
    std::span<const UnitDirectory> search_path_;
    std::vector<std::string> beginnings_;
    std::vector<std::string> told_;
    std::size_t count_ = 0;
};

std::vector<UnitDirectory> open_all(std::span<const std::string> paths) {
    std::vector<UnitDirectory> opened;
    for (const std::string& path : paths) {
        // Loading a unit tells what is wrong with a directory.
        auto directory = find_directory(path, Ownership::ignored);
        if (directory && *directory) opened.push_back(std::move(**directory));
    }
    return opened;
}

constexpr std::string_view foreign_endings[] = {
    "",      ".service", ".conf",     ".socket", ".timer", ".target",    ".mount",
    ".path", ".slice",   ".toml.bak", ".TOML",   ".d",     ".service.d", ".conf.d"};

}  // namespace

std::vector<std::string> foreign_files(std::span<const std::string> directories,
                                       std::span<const std::string> search_path) {
    const auto opened = open_all(directories);
    const auto searched = open_all(search_path);
    return ForeignFiles{opened, searched}.find();
}

std::vector<std::string> foreign_files_of(std::string_view unit,
                                          std::span<const std::string> directories) {
    std::vector<std::string> beginnings;
    for (const std::string& file : unit_file_names(split_unit_name(unit))) {
        beginnings.push_back(file.substr(0, file.size() - unit_ending.size()) + ".");
    }
    const auto opened = open_all(directories);
    return ForeignFiles{opened, {}, std::move(beginnings)}.find();
}

std::vector<std::string> files_in_place_of(std::string_view unit,
                                           std::span<const std::string> directories) {
    std::vector<std::string> texts;
    for (const UnitDirectory& directory : open_all(directories)) {
        const auto has = [&](const std::string& name) {
            struct stat status{};
            return fstatat(directory.fd.get(), name.c_str(), &status, 0) == 0;
        };
        const std::string instance = std::string{unit} + "@1";
        const std::string file = std::string{unit} + "@" + std::string{unit_ending};
        if (is_valid_unit_name(instance) && has(file)) {
            texts.push_back(path_of(directory, file) +
                            " is a template; did you mean an instance of it, such as " +
                            quoted(instance) + "?");
        }
        for (const std::string_view ending : foreign_endings) {
            const std::string name = std::string{unit} + std::string{ending};
            if (!has(name)) continue;
            texts.push_back(path_of(directory, name) +
                            " is not read: the name of a unit file "
                            "ends in '.toml'");
        }
    }
    return texts;
}

}  // namespace confinit
