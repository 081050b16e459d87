// SPDX-License-Identifier: Apache-2.0
// The first instruction of a helper that is linked without the C library. A helper is a few calls
// of the kernel; the library's start, its locales and its output would be most of its size, and
// the launcher's copies would carry them.

extern "C" {

using Constructor = void (*)();
// The linker's names for where the constructors of static objects are listed.
extern Constructor __init_array_start[];
extern Constructor __init_array_end[];

__attribute__((used)) void run_constructors() {
    for (Constructor* each = __init_array_start; each != __init_array_end; ++each)
        (*each)();
}
}

// The kernel leaves the count of arguments at the top of the stack, and the arguments above it. The
// ABI wants 0 as the outermost frame, and a stack that is aligned by 16 at each call. Call 231 is
// exit_group.
asm(".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "    xorl %ebp, %ebp\n"
    "    movq %rsp, %rbx\n"
    "    andq $-16, %rsp\n"
    "    call run_constructors\n"
    "    movl (%rbx), %edi\n"
    "    leaq 8(%rbx), %rsi\n"
    "    call main\n"
    "    movl %eax, %edi\n"
    "    movl $231, %eax\n"
    "    syscall\n"
    "    hlt\n"
    ".size _start, . - _start\n");
