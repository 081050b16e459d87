// SPDX-License-Identifier: Apache-2.0
// Part of the build: writes NAME.xml of each D-Bus interface into a folder.
#include "bus/interface_files.h"

#include <cstdio>
#include <memory>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    for (const auto& [name, text] : confinit::interface_files()) {
        const std::string path = std::string{argv[1]} + "/" + name + ".xml";
        const std::unique_ptr<FILE, int (*)(FILE*)> file{fopen(path.c_str(), "w"), fclose};
        const bool is_written =
            file && fwrite(text.data(), 1, text.size(), file.get()) == text.size();
        if (!is_written) return 1;
    }
    return 0;
}
