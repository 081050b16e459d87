// SPDX-License-Identifier: Apache-2.0
// Installation: the directories of the files that were installed together with the running program.
//
// A tree of ours may stand anywhere: a program that the kernel executed as PREFIX/sbin/confinit or
// PREFIX/bin/svctl takes its files from PREFIX/lib/confinit. Every other one, such as /init or a
// program of a build folder, takes them from the prefix of the build.
#pragma once

#include <string>
#include <string_view>

namespace confinit {

// The PREFIX in the path of an executed program; empty for one that tells none. The root itself
// counts as none: on Debian /sbin and /bin are links to /usr/sbin and /usr/bin.
std::string_view prefix_of(std::string_view executed);

std::string helper_directory();
std::string installed_unit_directory();

}  // namespace confinit
