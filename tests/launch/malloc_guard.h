// SPDX-License-Identifier: Apache-2.0
// MallocGuard: while it stands, whoever allocates or frees in another process than ours is ended by
// a trap: what runs between clone3(2) and execve(2) must do neither.
#pragma once

namespace confinit::testing {

class MallocGuard {
public:
    MallocGuard();
    MallocGuard(const MallocGuard&) = delete;
    MallocGuard& operator=(const MallocGuard&) = delete;
    ~MallocGuard();
};

}  // namespace confinit::testing
