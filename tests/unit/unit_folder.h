// SPDX-License-Identifier: Apache-2.0
// UnitFolder: unit directories on disk for a test, and what is loaded from them.
#pragma once

#include "unit_scene.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace confinit {

// Two unit directories, "a" before "b", in a folder that goes with the test.
class UnitFolder {
public:
    UnitFolder() {
        char name[] = "/tmp/confinit-units-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        root_ = name;
        for (const char* directory : {"a", "b"}) {
            std::filesystem::create_directory(root_ + "/" + directory);
            chmod((root_ + "/" + directory).c_str(), 0755);
            path_.push_back(root_ + "/" + directory);
        }
        path_.push_back(root_ + "/absent");
    }
    UnitFolder(const UnitFolder&) = delete;
    UnitFolder& operator=(const UnitFolder&) = delete;
    ~UnitFolder() { std::filesystem::remove_all(root_); }

    // The whole path of a file with this text, in directories made for it.
    std::string write(const std::string& name, std::string_view text, unsigned mode = 0644) const {
        const std::string path = root_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
        std::ofstream{path} << text;
        chmod(path.c_str(), mode);
        return path;
    }

    std::string write_service(const std::string& name, const std::string& program) const {
        return write(name, "[service]\ncommand = ['" + program + "']\n");
    }

    Checked<Unit> load(std::string_view name) const {
        return load_unit(name, path_, test_vocabulary());
    }

    Checked<Unit> check(const std::string& path) const {
        return load_unit_file(path, path_, test_vocabulary());
    }

    // The problems of a unit, without the folder's name.
    std::string faults(std::string_view name) const { return faults_of(load(name)); }

    std::string faults_of(const Checked<Unit>& unit) const {
        std::string lines;
        if (unit) return lines;
        for (std::string line : texts(unit.error())) {
            for (auto at = line.find(root_); at != std::string::npos; at = line.find(root_)) {
                line.erase(at, root_.size());
            }
            lines += line + "\n";
        }
        return lines;
    }

    std::string program(std::string_view name) const {
        const auto unit = load(name);
        REQUIRE(faults(name) == "");
        return unit->service->command.front();
    }

    const std::string& root() const { return root_; }
    const std::vector<std::string>& path() const { return path_; }

private:
    std::string root_;
    std::vector<std::string> path_;
};

}  // namespace confinit
