// SPDX-License-Identifier: Apache-2.0
// Part of the build: writes NAME.xml of each D-Bus interface into a folder.
#include "bus/interface_files.h"

#include <fstream>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    for (const auto& [name, text] : confinit::interface_files()) {
        const std::string path = std::string{argv[1]} + "/" + name + ".xml";
        std::ofstream file{path};
        file << text;
        file.close();
        if (!file) return 1;
    }
    return 0;
}
