// SPDX-License-Identifier: Apache-2.0
// The kinds of a service's directories: where each lies, and how the service is told.
#pragma once

#include "unit/unit.h"

#include <array>
#include <string_view>

namespace confinit {

struct DirectoryKind {
    std::string_view key;
    std::string_view base;
    std::string_view variable;  // of the environment: the paths, with colons between them
    std::vector<ServiceDirectory> DirectoryConfig::* list;
    bool ends_with_service;
};

inline constexpr std::array directory_kinds{
    DirectoryKind{"directories.state", "/var/lib", "STATE_DIRECTORY", &DirectoryConfig::state,
                  false},
    DirectoryKind{"directories.cache", "/var/cache", "CACHE_DIRECTORY", &DirectoryConfig::cache,
                  false},
    DirectoryKind{"directories.runtime", "/run", "RUNTIME_DIRECTORY", &DirectoryConfig::runtime,
                  true},
    DirectoryKind{"directories.logs", "/var/log", "LOGS_DIRECTORY", &DirectoryConfig::logs, false},
    DirectoryKind{"directories.configuration", "/etc", "CONFIGURATION_DIRECTORY",
                  &DirectoryConfig::configuration, false},
};

}  // namespace confinit
