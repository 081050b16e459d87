// SPDX-License-Identifier: Apache-2.0
// The program svctl; all of it is a library, so that tests can run it too.
#include "svctl/svctl.h"

int main(int argc, char** argv) {
    return confinit::svctl_main(argc, argv);
}
