// SPDX-License-Identifier: Apache-2.0
// TemporaryDirectory: a folder that goes with the test.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace confinit {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        char name[] = "/tmp/confinit-test-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        // Others may look into it, as into any root directory.
        REQUIRE(chmod(name, 0755) == 0);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::string& path() const { return path_; }

    // A file with this text, in directories made for it.
    std::string write(const std::string& name, std::string_view text, mode_t mode = 0644) const {
        const std::string path = path_ + "/" + name;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
        std::ofstream{path} << text;
        REQUIRE(chmod(path.c_str(), mode) == 0);
        return path;
    }

    std::string make_directory(const std::string& name) const {
        const std::string path = path_ + "/" + name;
        std::filesystem::create_directories(path);
        return path;
    }

    void link(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = path_ + "/" + name;
        std::filesystem::create_directories(path.parent_path());
        std::filesystem::create_symlink(text, path);
    }

private:
    std::string path_;
};

}  // namespace confinit
